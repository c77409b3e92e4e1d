"""The console's API of a real `lensart run`: what it answers is what its document says and what the
tables hold. Started by api_test.cpp, which has made topics and gives the environment.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import unittest

from api_document import Api, ROOT

PROGRAM = os.environ["LENSART_TEST_PROGRAM_FILE"]
ADDRESS = os.environ["LENSART_HTTP_LISTEN"]
SCHEMA = os.environ["LENSART_POSTGRES_SCHEMA"]
# printf %s first | sha256sum
FIRST = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"


def environment():
    ours = ("LENSART_TEST_", "LENSART_STACK_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], env=environment(), capture_output=True, text=True,
                          check=True).stdout


def sql(query):
    """The one value of a query, read from JSON."""
    done = subprocess.run(
        ["psql", "-XqAt1", "-v", "ON_ERROR_STOP=1", os.environ["LENSART_POSTGRES_DSN"]],
        input=f"SET search_path = \"{SCHEMA}\"; SET TimeZone = 'UTC';\n"
              f"SELECT to_json(x.v) FROM ({query}) x (v)",
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stack(verb, service):
    subprocess.run([os.path.join(ROOT, "scripts", "stack.sh"), "--dir",
                    os.environ["LENSART_STACK_DIR"], verb, service], check=True,
                   stdout=subprocess.DEVNULL)


def until(claim, patience=20.0):
    """The first true value of `claim`, asked again and again; fails when the time is up."""
    end = time.monotonic() + patience
    while True:
        try:
            if value := claim():
                return value
        except OSError:
            pass  # nobody listens yet
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


class Instance:
    """A `lensart run` that is ready and has caught up."""

    def __init__(self, *arguments, headers=None):
        self.process = subprocess.Popen([PROGRAM, "run", *arguments], env=environment(),
                                        stderr=subprocess.PIPE, text=True)
        self.api = Api(ADDRESS, headers)
        until(self.is_ready)
        until(lambda: self.api.get("/api/v1/overview")["lag"]["events"] == 0)

    def is_ready(self):
        assert self.process.poll() is None, self.process.communicate()[1]
        return self.api.ask("/readyz").status == 200

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        log = self.process.communicate(timeout=30)[1]
        assert self.process.returncode == 0, log


class Listener:
    """One end of the stream of events."""

    def __init__(self, path="/api/v1/events", headers=None):
        self.connection = http.client.HTTPConnection(ADDRESS, timeout=10)
        self.connection.request("GET", path, headers=headers or {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def next(self):
        """Name and document of the next event."""
        name = None
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
            assert line is not None

    def close(self):
        self.connection.close()


class ApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("generate", "--events", "3000", "--seed", "5", "--poison", "0.05", "--duplicates",
            "0.05", "--to", "kafka")
        cls.instance = Instance()
        cls.api = cls.instance.api
        until(lambda: cls.api.get("/api/v1/overview")["events"]["accepted"] > 0)
        until(lambda: cls.api.get("/api/v1/overview")["lag"]["events"] == 0)

    @classmethod
    def tearDownClass(cls):
        cls.instance.stop()

    def refused(self, path, status=400, **options):
        answer = self.api.ask(path, **options)
        self.assertEqual(answer.status, status, f"{path}: {answer.text}")
        self.assertEqual(answer.json["status"], "error")
        return answer.json

    def test_every_page_answers_what_the_document_says(self):
        order = sql("SELECT min(order_id) FROM orders_processed")
        window = sql("SELECT metric_date || '/' || metric_hour || '/' || branch_id "
                     "FROM order_metrics ORDER BY total_orders DESC LIMIT 1")
        for path in ("/api/v1/overview", "/api/v1/graph", "/api/v1/watermarks", "/api/v1/epochs",
                     "/api/v1/epochs?limit=600", "/api/v1/state", "/api/v1/business",
                     "/api/v1/business?hours=336&branch=1&until=2026-11-20T10:00:00%2B07:00",
                     "/api/v1/configuration", "/api/v1/session", "/api/v1/openapi.json",
                     "/api/v1/overview/history", "/api/v1/overview/history?seconds=60&step=1",
                     f"/api/v1/orders/{order}", f"/api/v1/windows/{window}",
                     "/livez", "/readyz", "/metrics"):
            self.api.get(path)
        for node in self.api.get("/api/v1/graph")["nodes"]:
            detail = self.api.get(f"/api/v1/graph/nodes/{node['name']}", step=5)
            self.assertEqual(detail["node"]["name"], node["name"])
        self.assertEqual(self.api.get("/api/v1/openapi.json"), self.api.document)

    def test_the_overview_counts_what_the_accounts_count(self):
        overview = self.api.get("/api/v1/overview")
        accounts = sql("SELECT json_build_object('accepted', sum(accepted), 'duplicate', "
                       "sum(duplicate), 'ignored', sum(ignored), 'dead_lettered', "
                       "sum(dead_lettered)) FROM pipeline_accounts")
        self.assertEqual(overview["events"], accounts)
        by_code = sql("SELECT json_object_agg(code, n) FROM (SELECT code, count(*) AS n "
                      "FROM dead_letters GROUP BY code) c")
        self.assertEqual({e["code"]: e["since_start"] for e in overview["dead_letters"]["by_code"]},
                         by_code)
        self.assertEqual(overview["lag"], {"events": 0, "unread": 0, "in_flight": 0, "seconds": 0})
        read = sum(accounts.values())
        nodes = {n["name"]: n["live"]["total"] for n in self.api.get("/api/v1/graph")["nodes"]}
        self.assertEqual((nodes["source"], nodes["parse"], nodes["close"]), (read, read, read))

    def test_attention_names_the_broken_events_and_the_orders_that_are_stuck(self):
        found = until(lambda: {a["code"]: a["parameters"]
                               for a in self.api.get("/api/v1/overview")["attention"]
                               } if "stuck_orders" in self.codes() else None)
        self.assertEqual(found["stuck_orders"]["orders"],
                         sql("SELECT count(*) FROM order_anomalies WHERE kind = 'stuck' AND "
                             "resolved_at IS NULL"))
        self.assertEqual(found["dead_letter_burst"]["code"],
                         sql("SELECT code FROM dead_letters WHERE code <> 'too_late' GROUP BY 1 "
                             "ORDER BY count(*) DESC LIMIT 1"))

    def codes(self):
        return [a["code"] for a in self.api.get("/api/v1/overview")["attention"]]

    def test_epochs_and_watermarks_are_those_of_the_database(self):
        epochs = self.api.get("/api/v1/epochs", limit=600)
        self.assertEqual(epochs["applied"], sql("SELECT min(epoch) FROM pipeline_epochs"))
        self.assertEqual(epochs["newest"], epochs["applied"])
        read = sum(epoch["records"] for epoch in epochs["recent"])
        self.assertEqual(read, sql("SELECT sum(consumed) FROM pipeline_accounts"))
        self.assertTrue(all(epoch["applied_at"] for epoch in epochs["recent"]))
        marks = self.api.get("/api/v1/watermarks")
        offsets = sql("SELECT offsets FROM pipeline_epochs WHERE lane = 0")
        self.assertEqual({(p["topic"], str(p["partition"])): p["next_offset"]
                          for p in marks["partitions"]},
                         {(t, p): o for t, ps in offsets.items() for p, o in ps.items()})
        highest = sql("SELECT max(event_timestamp) FROM orders_raw")
        self.assertEqual(max(p["highest"] for p in marks["partitions"] if p["highest"])[:19],
                         highest[:19])

    def test_business_is_what_the_tables_hold(self):
        for query, branch in (({"hours": 336}, "true"), ({"hours": 30}, "true"),
                              ({"hours": 200, "branch": 2}, "branch_id = 2")):
            with self.subTest(query=query):
                self.check_business(self.api.get("/api/v1/business", **query), branch)

    def check_business(self, page, branch):
        self.assertGreater(page["totals"]["orders"], 0)
        span = f"'{page['from']}'::timestamptz AND '{page['until']}'::timestamptz - interval '1us'"
        placed = ("((metric_date + make_interval(hours => metric_hour::int)) AT TIME ZONE "
                  f"'{page['time_zone']}') BETWEEN {span} AND {branch}")
        totals = sql("SELECT json_build_object('orders', sum(total_orders), 'revenue', "
                     "sum(total_revenue)::text, 'pending', sum(pending_orders), 'processing', "
                     "sum(processing_orders), 'completed', sum(completed_orders), 'cancelled', "
                     "sum(cancelled_orders), 'cash', sum(cash_orders), 'online', "
                     f"sum(online_orders)) FROM order_metrics WHERE {placed}")
        self.assertEqual(page["totals"], totals)
        self.assertEqual(sum(h["measures"]["orders"] for h in page["hours"]), totals["orders"])
        self.assertEqual(sum(b["measures"]["orders"] for b in page["branches"]), totals["orders"])
        for series, of_branch in zip(page["series"], page["branches"]):
            self.assertEqual(len(series["orders"]), len(page["hours"]))
            self.assertEqual(sum(series["orders"]), of_branch["measures"]["orders"])
        of_order = f"order_id IN (SELECT order_id FROM orders_processed WHERE {branch})"
        reached = sql("SELECT coalesce(json_object_agg(s, n), '{}') FROM (SELECT new_status AS s, "
                      "count(DISTINCT order_id) AS n FROM order_status_history WHERE changed_at "
                      f"BETWEEN {span} AND {of_order} GROUP BY 1) x")
        self.assertEqual({r["status"]: r["orders"] for r in page["reached"]}, reached)
        times = sql("SELECT coalesce(json_object_agg(s, n), '{}') FROM (SELECT old_status AS s, "
                    "json_build_array(count(*), max(processing_time_seconds)) AS n FROM "
                    "order_status_history WHERE processing_time_seconds IS NOT NULL AND old_status "
                    f"IS NOT NULL AND changed_at BETWEEN {span} AND {of_order} GROUP BY 1) x")
        self.assertEqual({t["status"]: [t["changes"], t["most_seconds"]]
                          for t in page["time_in_status"]}, times)
        self.assertEqual(page["stuck"]["orders"],
                         sql("SELECT count(*) FROM order_anomalies WHERE kind = 'stuck' AND "
                             "resolved_at IS NULL" + ("" if branch == "true" else
                                                      f" AND {of_order}")))
        products = sql("SELECT coalesce(json_agg(x.o), '[]') FROM (SELECT json_build_array("
                       "product_id, sum(quantity), sum(i.total_price)::text) AS o FROM "
                       "order_items_analytics i JOIN orders_processed o USING (order_id) WHERE "
                       f"o.order_date BETWEEN {span} AND o.{branch} AND o.branch_id IN "
                       f"(SELECT branch_id FROM order_metrics WHERE {placed}) GROUP BY product_id "
                       "ORDER BY sum(i.total_price) DESC, product_id LIMIT 20) x"
                       .replace("o.true", "true"))
        self.assertEqual([[p["product_id"], p["quantity"], p["revenue"]]
                          for p in page["products"]], products)

    def test_orders_and_windows_say_what_explain_says(self):
        order = sql("SELECT min(order_id) FROM order_status_history")
        life = self.api.get(f"/api/v1/orders/{order}")
        told = json.loads(run("explain", "order", str(order), "--json"))
        self.assertEqual(life["events"], told["events"])
        self.assertEqual(life["counts_in"], told["counts_in"])
        self.assertEqual(life["state"], told["state"])
        window = sql("SELECT json_build_array(metric_date, metric_hour, branch_id) FROM "
                     "order_metrics ORDER BY total_orders DESC LIMIT 1")
        life = self.api.get("/api/v1/windows/" + "/".join(map(str, window)))
        told = json.loads(run("explain", "window", *map(str, window), "--json"))
        self.assertEqual(life["verdict"], told["verdict"])
        self.assertEqual(len(life["orders"]), len(told["orders"]))
        self.assertEqual(life["row"]["total_orders"], told["row"]["total_orders"])

    def test_dead_letters_are_found_a_page_at_a_time_and_by_every_filter(self):
        total = sql("SELECT count(*) FROM dead_letters")
        seen, after = [], {}
        while True:
            page = self.api.get("/api/v1/dead-letters", limit=31, **after)
            seen += [(e["topic"], e["partition"], e["offset"], e["code"], e["field"])
                     for e in page["letters"]]
            times = [e["occurred_at"] for e in page["letters"]]
            self.assertEqual(times, sorted(times, reverse=True))
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        self.assertEqual(len(seen), total)
        self.assertEqual(len(set(seen)), total)
        counts = self.api.get("/api/v1/dead-letters/codes")["codes"]
        self.assertEqual(sum(c["letters"] for c in counts), total)
        one = sql("SELECT row_to_json(d) FROM dead_letters d WHERE order_id IS NOT NULL AND "
                  "event_id IS NOT NULL ORDER BY occurred_at, \"offset\" LIMIT 1")
        middle = one["occurred_at"]
        for query, where in (
                ({"code": one["code"]}, f"code = '{one['code']}'"),
                ({"topic": one["topic"]}, f"topic = '{one['topic']}'"),
                ({"order_id": one["order_id"]}, f"order_id = {one['order_id']}"),
                ({"event_id": one["event_id"]}, f"event_id = '{one['event_id']}'"),
                ({"since": middle}, f"occurred_at >= '{middle}'"),
                ({"until": middle}, f"occurred_at < '{middle}'"),
                ({"text": "PRICE"}, "message || field ILIKE '%price%' OR event_id ILIKE '%price%'"),
                ({"text": "100%_'"}, "false"), ({"replayed": "false"}, "replayed_at IS NULL")):
            with self.subTest(query=query):
                counts = self.api.get("/api/v1/dead-letters/codes", **query)["codes"]
                self.assertEqual(sum(c["letters"] for c in counts),
                                 sql(f"SELECT count(*) FROM dead_letters WHERE {where}"))

    def test_one_letter_is_shown_with_its_payload(self):
        for code in sql("SELECT json_agg(DISTINCT code) FROM dead_letters"):
            row = sql("SELECT json_build_object('place', topic || '/' || partition || '/' || "
                      "\"offset\", 'message', message, 'payload', encode(payload, 'hex')) FROM "
                      f"dead_letters WHERE code = '{code}' LIMIT 1")
            detail = self.api.get("/api/v1/dead-letters/" + row["place"])
            self.assertIn(row["message"], [e["letter"]["message"] for e in detail["letters"]])
            payload = detail["payload"]
            if payload is None:
                self.assertIsNone(row["payload"])
            elif payload["text"] is not None:
                self.assertEqual(payload["text"].encode().hex(), row["payload"])

    def replay(self, place, **order):
        topic, partition, offset = place.split("/")
        body = {"letters": [{"topic": topic, "partition": int(partition), "offset": int(offset)}]}
        answer = self.api.ask("/api/v1/dead-letters/replay", "POST", json.dumps({**body, **order}),
                              {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json["results"][0]

    def mendable(self):
        """A letter, and the patch with which it would be accepted."""
        for place in sql("SELECT json_agg(topic || '/' || partition || '/' || \"offset\") FROM "
                         "dead_letters WHERE code IN ('bad_quantity', 'bad_price')"):
            letter = self.api.get("/api/v1/dead-letters/" + place)["letters"][0]
            if letter["field_path"] is None:
                continue
            patch = [{"op": "replace", "value": 1,
                      "path": "".join(f"/{step}" for step in letter["field_path"])}]
            refused = self.replay(place)
            self.assertEqual(refused["verdict"], "would_be_refused")
            self.assertEqual(refused["code"], letter["letter"]["code"])
            self.assertEqual(refused["field"], letter["letter"]["field"])
            if self.replay(place, patch=patch)["verdict"] == "would_be_accepted":
                return place, patch
        raise AssertionError("no letter can be mended")

    def test_a_letter_that_is_mended_and_replayed_becomes_an_event_once(self):
        place, patch = self.mendable()
        events = "SELECT count(*) FROM orders_raw"
        before = sql(events)
        self.assertEqual(self.replay(place, dry_run=False)["verdict"], "refused")
        self.assertEqual(self.replay(place, dry_run=False, patch=patch)["verdict"], "sent")
        shown = until(lambda: (d := self.api.get("/api/v1/dead-letters/" + place))["replay"] and d)
        self.assertEqual(sql(events), before + 1)
        self.assertIsNotNone(shown["letters"][0]["letter"]["replayed_at"])
        self.assertIsNotNone(shown["event"])
        self.assertEqual(self.replay(place, dry_run=False, patch=patch)["verdict"],
                         "already_accepted")
        nobody = self.replay("order-created/0/999999999")
        self.assertEqual(nobody["verdict"], "not_found")

    def test_replays_that_cannot_be_meant_are_refused(self):
        place = '{"topic":"t","partition":0,"offset":0}'
        for body in ("", "[]", "{}", "null", '{"letters":[]}', '{"letters":{}}', '{"letters":[1]}',
                     '{"letters":[{"topic":"t","partition":0}]}',
                     '{"letters":[{"topic":"t/u","partition":0,"offset":0}]}',
                     '{"letters":[{"topic":"t","partition":-1,"offset":0}]}',
                     '{"letters":[{"topic":"t","partition":0.5,"offset":0}]}',
                     '{"letters":[{"topic":"t","partition":0,"offset":9223372036854775808}]}',
                     '{"letters":[{"topic":"t","partition":0,"offset":1e999}]}',
                     '{"letters":[' + ",".join([place] * 201) + "]}",
                     '{"letters":[' + place + '],"dry_run":"no"}',
                     '{"letters":[' + place + '],"dryrun":true}',
                     '{"letters":[' + place + '],"as":"order-created"}',
                     '{"letters":[' + place + '],"patch":{}}',
                     '{"letters":[' + place + '],"patch":[{"op":"replace","path":"/a"}]}',
                     '{"letters":[' + place + '],"patch":[{"op":"x","path":"/a","value":1}]}',
                     '{"letters":[' + place + '],"patch":[{"op":"add","path":"a","value":1}]}'):
            with self.subTest(body=body[:80]):
                self.refused("/api/v1/dead-letters/replay", method="POST", body=body,
                             headers={"Content-Type": "application/json"})
        self.refused("/api/v1/dead-letters/replay", 415, method="POST", body="{}")
        self.refused("/api/v1/dead-letters/replay", 405)

    def test_hostile_requests_are_refused_in_one_shape(self):
        for path in ("/api/v1/overview?x=1", "/api/v1/epochs?limit=0", "/api/v1/epochs?limit=601",
                     "/api/v1/epochs?limit=1e2", "/api/v1/epochs?limit=", "/api/v1/epochs?limit=%00",
                     "/api/v1/overview/history?step=7", "/api/v1/overview/history?seconds=-1",
                     "/api/v1/business?hours=337", "/api/v1/business?branch=0",
                     "/api/v1/business?until=yesterday", "/api/v1/business?until=2026-13-01T00:00:00Z",
                     "/api/v1/business?branch=1%27%20OR%201=1--", "/api/v1/orders/0",
                     "/api/v1/orders/abc", "/api/v1/orders/9223372036854775808",
                     "/api/v1/orders/1%00", "/api/v1/windows/2026-11-20/24/1",
                     "/api/v1/windows/2026-11-20/x/1", "/api/v1/windows/x/1/1",
                     "/api/v1/windows/2026-11-20/1/0", "/api/v1/events?only=all",
                     "/api/v1/events?x=1", "/api/v1/graph/nodes/parse?step=2",
                     "/api/v1/dead-letters?code=bad", "/api/v1/dead-letters?limit=201",
                     "/api/v1/dead-letters?replayed=1", "/api/v1/dead-letters?text=%ff",
                     "/api/v1/dead-letters?since=1", "/api/v1/dead-letters?topic=a/b",
                     "/api/v1/dead-letters/t/x/0", "/api/v1/dead-letters/t/0/-1",
                     "/api/v1/dead-letters/t%20/0/0", "/api/v1/dead-letters/codes?limit=1"):
            self.refused(path)
        for path in ("/api/v1/orders/999999999999", "/api/v1/orders/", "/api/v1/orders/1/2",
                     "/api/v1/windows/2026-02-30/1/1", "/api/v1/windows/2999-01-01/1/1",
                     "/api/v1/windows/2026-11-20/1", "/api/v1/graph/nodes/nobody", "/api/v1/",
                     "/api/v1/nothing", "/api/v2/overview", "/api/v1/dead-letters/t/0/0",
                     "/api/v1/dead-letters/t/0", "/api/v1/dead-letters?after=00",
                     # A cursor of our form, at an instant that there is none of.
                     "/api/v1/dead-letters?after=" + json.dumps(
                         ["9223372036854775807", "t", 0, 0, "c", "f"]).encode().hex()):
            self.refused(path, 404)
        self.refused("/api/v1/overview", 405, method="DELETE")
        self.refused("/api/v1/session", 415, method="POST", body="{}")
        self.refused("/api/v1/session", 400, method="POST", body="[" * 100_000,
                     headers={"Content-Type": "application/json"})
        self.refused("/api/v1/session", 401, method="POST", body='{"token":"wrong"}',
                     headers={"Content-Type": "application/json"})
        self.refused("/api/v1/session", 403, method="DELETE",
                     headers={"Origin": "http://elsewhere.example"})

    def test_events_come_at_once_and_every_second_for_all_that_listen(self):
        began = time.monotonic()
        listeners = [Listener() for _ in range(10)]
        schemas = {"overview": "Overview", "graph": "Graph", "epochs": "Epochs",
                   "watermarks": "Watermarks"}
        last = {}
        for listener in listeners:
            for _ in range(8):
                name, document = listener.next()
                self.api.check({"$ref": f"#/components/schemas/{schemas[name]}"}, document)
                self.assertNotEqual(document["at"], last.get((listener, name)))
                last[listener, name] = document["at"]
        self.assertLess(time.monotonic() - began, 4)
        # One computation for all: they were sent the same document.
        for name in schemas:
            self.assertEqual(len({last[listener, name] for listener in listeners}), 1)
        for listener in listeners:
            listener.close()
        only = Listener("/api/v1/events?only=watermarks,graph")
        self.assertEqual({only.next()[0], only.next()[0]}, {"watermarks", "graph"})
        only.close()

    def test_graph_live_is_what_the_console_sees(self):
        live = json.loads(run("graph", "--format", "json", "--live", f"http://{ADDRESS}"))
        self.api.check({"$ref": "#/components/schemas/Graph"}, live)
        wired = json.loads(run("graph", "--format", "json"))
        self.api.check({"$ref": "#/components/schemas/Graph"}, wired)
        self.assertEqual([n["name"] for n in live["nodes"]], [n["name"] for n in wired["nodes"]])
        self.assertEqual(live["edges"], wired["edges"])
        self.assertIn("events/s", run("graph", "--format", "mermaid", "--live", ADDRESS))
        self.assertIn("digraph", run("graph", "--live", ADDRESS + "/"))
        nobody = subprocess.run([PROGRAM, "graph", "--live", "http://127.0.0.1:1"],
                                env=environment(), capture_output=True, text=True, check=False)
        self.assertEqual(nobody.returncode, 69, nobody.stderr)

    def test_while_the_database_is_away_memory_answers_and_tables_do_not(self):
        listener = Listener("/api/v1/events?only=overview")
        stack("stop", "postgres")
        try:
            run_on = ("generate", "--events", "50", "--seed", "6", "--to", "kafka")
            run(*run_on)
            first = until(lambda: next((a for a in (listener.next()[1]["attention"][:1])
                                        if a["code"] == "database_away"), None))
            self.assertEqual(first["remedy"], "start_database")
            self.assertEqual(self.api.get("/api/v1/overview")["health"]["status"], "critical")
            self.api.get("/api/v1/state")
            for path in ("/api/v1/business", "/api/v1/orders/1", "/api/v1/windows/2026-11-20/1/1"):
                self.assertEqual(self.refused(path, 503)["code"], "database_away")
            self.assertEqual(self.api.ask("/readyz").status, 503)
            self.assertEqual(self.api.ask("/livez").status, 200)
        finally:
            stack("start", "postgres")
            listener.close()
        until(lambda: "database_away" not in self.codes())
        until(lambda: self.api.ask("/api/v1/business").status == 200)
        until(lambda: self.api.get("/api/v1/overview")["lag"]["events"] == 0)


class TokenTest(unittest.TestCase):
    def test_with_a_token_wanted_nothing_is_told_without_one(self):
        instance = Instance("--set", "http.auth=token", "--set", f"http.tokens=[\"{FIRST}\"]",
                            headers={"Authorization": "Bearer first"})
        try:
            stranger = Api(ADDRESS)
            for path in ("/api/v1/overview", "/api/v1/business", "/api/v1/orders/1",
                         "/api/v1/events", "/api/v1/configuration", "/api/v1/nothing"):
                self.assertEqual(stranger.ask(path).status, 401, path)
            for path in ("/api/v1/session", "/api/v1/openapi.json", "/livez", "/metrics"):
                self.assertEqual(stranger.ask(path).status, 200, path)
            opened = stranger.ask("/api/v1/session", "POST", '{"token":"first"}',
                                  {"Content-Type": "application/json"})
            cookie = {"Cookie": opened.headers["set-cookie"].split(";")[0]}
            self.assertEqual(stranger.ask("/api/v1/overview", headers=cookie).status, 200)
            listener = Listener("/api/v1/events?only=overview", cookie)
            self.assertEqual(listener.next()[0], "overview")
            listener.close()
            settings = instance.api.get("/api/v1/configuration")["settings"]
            tokens = next(s for s in settings if s["key"] == "http.tokens")
            self.assertTrue(tokens["masked"])
            self.assertNotIn(FIRST, json.dumps(settings))
        finally:
            instance.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])
