"""Dead letters through the API: found, shown, mended and replayed."""

import json

from api_stack import ApiCase, sql, until


class DeadLetterTest(ApiCase):
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
