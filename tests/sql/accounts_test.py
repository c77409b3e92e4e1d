"""The books: orders_raw held against pipeline_accounts, so that no row can vanish or appear."""

import unittest

from audit_test import NINE, AuditCase
from orders import NEW


class AccountsTest(AuditCase):
    def accept(self, count, topic="order-events", partition=0):
        """Accepted events at the next offsets."""
        for _ in range(count):
            self.shop.accept({"event_type": "order.status_changed", "timestamp": NINE,
                              "event_id": "e%d-%s-%d" % (self.shop.offset, topic, partition),
                              "data": {"order_id": 1, "new_status": NEW}},
                             order_id=1, order_status=NEW, kafka_topic=topic,
                             kafka_partition=partition)

    def letter(self, at, code="bad_price", field="", **columns):
        self.database.insert("dead_letters", code=code, message="m", field=field,
                             topic="order-events", partition=0, offset=at, **columns)

    def plant(self, statement):
        self.database.run(statement + ";")

    def assert_found(self, *expected):
        self.assertCountEqual(self.shop.complaints("accounts"), expected)

    def test_books_that_agree(self):
        self.accept(3)
        self.shop.offset += 2  # one a duplicate, one refused
        self.letter(4)
        self.accept(1)
        self.shop.book(first=0, last=5, accepted=4, consumed=6, duplicate=1, dead_lettered=1)
        self.accept(2)
        self.shop.book(first=6, last=7, minute="2026-11-20T10:01Z")
        self.assert_found()

    def test_a_missing_row_is_narrowed_to_its_minute(self):
        self.accept(3)
        self.shop.book(first=0, last=2)
        self.accept(3)
        self.shop.book(first=3, last=5, minute="2026-11-20T10:01Z")
        self.plant("DELETE FROM {schema}.orders_raw WHERE kafka_offset = 4")
        self.assert_found(("missing", "order-events/0 3..5"))

    def test_all_rows_missing_are_found(self):
        self.accept(3)
        self.shop.book()
        self.plant("DELETE FROM {schema}.orders_raw")
        self.assert_found(("missing", "order-events/0 0..2"))

    def test_an_extra_row_at_a_free_offset_is_found(self):
        self.accept(2)
        self.shop.book(first=0, last=3, accepted=2, consumed=4, duplicate=2)
        self.accept(1)
        self.assert_found(("extra", "order-events/0 0..3"))

    def test_an_extra_row_at_a_taken_offset_is_found(self):
        self.accept(2)
        self.shop.book()
        self.shop.offset = 1
        self.accept(1, topic="elsewhere")
        self.plant("UPDATE {schema}.orders_raw SET kafka_topic = 'order-events'")
        self.assert_found(("extra", "order-events/0 0..1"), ("extra", "order-events/0 1"))

    def test_a_row_swapped_for_one_at_another_offset_is_found_where_two_share_an_offset(self):
        self.accept(3)
        self.shop.book()
        self.plant("UPDATE {schema}.orders_raw SET kafka_offset = 1 WHERE kafka_offset = 2")
        self.assert_found(("extra", "order-events/0 1"))

    def test_rows_outside_the_books_are_extra(self):
        self.shop.offset = 10
        self.accept(1)
        self.shop.book(first=10, last=10)
        self.shop.offset = 9
        self.accept(1)
        self.shop.offset = 11
        self.accept(1)
        self.accept(1, partition=1)
        self.accept(1, topic="unknown")
        self.assert_found(("extra", "order-events/0 9"), ("extra", "order-events/0 11"),
                          ("extra", "order-events/1 12"), ("extra", "unknown/0 13"))

    def test_another_pipelines_books_do_not_count(self):
        self.accept(1)
        self.shop.book(pipeline="another")
        self.assert_found(("extra", "order-events/0 0"))

    def test_minutes_that_share_offsets_are_judged_together(self):
        # The clock went back: one minute reaches round the other.
        self.accept(6)
        self.shop.book(first=0, last=5, accepted=4)
        self.shop.book(first=2, last=3, minute="2026-11-20T10:01Z")
        self.assert_found()
        self.plant("DELETE FROM {schema}.orders_raw WHERE kafka_offset = 3")
        self.assert_found(("missing", "order-events/0 0..5"))

    def test_a_topic_made_anew_may_use_offsets_twice(self):
        self.accept(2)
        self.shop.offset = 0
        self.accept(2, topic="second life")
        self.plant("UPDATE {schema}.orders_raw SET kafka_topic = 'order-events'")
        self.shop.book(first=0, last=1, accepted=4)
        self.assert_found()

    def test_an_offset_both_accepted_and_refused_is_found(self):
        self.accept(2)
        self.shop.book()
        self.letter(1)
        self.assert_found(("extra", "order-events/0 1"))

    def test_letters_of_accepted_and_of_replayed_events_are_no_contradiction(self):
        self.accept(2)
        self.shop.book()
        self.letter(0, code="too_late")
        self.letter(0, code="sink_rejected", field="orders_processed order_id=1")
        self.letter(1, replayed_at=NINE)
        self.assert_found()

    def test_a_row_that_postgresql_refused_is_known_not_missing(self):
        self.accept(1)
        self.shop.book(first=0, last=1, accepted=2)
        self.letter(1, code="sink_rejected", field="orders_raw event_id=e1")
        self.assert_found(("known", "order-events/0 1"))


if __name__ == "__main__":
    unittest.main()
