"""The console's API of a real `lensart run`: what it answers is what its document says and what the
tables hold. Started by api_test.cpp, which has made topics and gives the environment.
"""

import json
import subprocess
import sys
import time
import unittest

from api_document import Api
from api_letter_checks import DeadLetterTest  # run with the others
from api_stack import (ADDRESS, PROGRAM, ApiCase, Instance, Listener, environment, run, sql, stack,
                       until)

__all__ = ["ApiTest", "DeadLetterTest", "TokenTest"]

# printf %s first | sha256sum
FIRST = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"


class ApiTest(ApiCase):
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
        overview = self.overview()
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
                               for a in self.overview()["attention"]
                               } if "stuck_orders" in self.codes() else None)
        self.assertEqual(found["stuck_orders"]["orders"],
                         sql("SELECT count(*) FROM order_anomalies WHERE kind = 'stuck' AND "
                             "resolved_at IS NULL"))
        self.assertEqual(found["dead_letter_burst"]["code"],
                         sql("SELECT code FROM dead_letters WHERE code <> 'too_late' GROUP BY 1 "
                             "ORDER BY count(*) DESC LIMIT 1"))

    def codes(self):
        return [a["code"] for a in self.overview()["attention"]]

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
            self.assertEqual(self.overview()["health"]["status"], "critical")
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
        until(lambda: self.overview()["lag"]["events"] == 0)


class TokenTest(unittest.TestCase):
    def setUp(self):
        ApiCase.stop_shared()

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
