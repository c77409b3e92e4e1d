"""The books: orders_raw held against pipeline_accounts, so that no row can vanish or appear."""

import unittest

from audit_test import NINE, AuditCase
from database import SqlError
from orders import NEW


class BooksCase(AuditCase):
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


class AccountsTest(BooksCase):
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

    def test_letters_of_accepted_events_are_no_contradiction(self):
        self.accept(2)
        self.shop.book()
        self.letter(0, code="too_late")
        self.letter(0, code="sink_rejected", field="orders_processed order_id=1")
        self.assert_found()

    def test_a_row_that_postgresql_refused_is_known_not_missing(self):
        self.accept(1)
        self.shop.book(first=0, last=1, accepted=2)
        self.letter(1, code="sink_rejected", field="orders_raw event_id=e1")
        self.assert_found(("known", "order-events/0 1"))


class ReplayedTest(BooksCase):
    """Rows at the coordinates of a record that was refused, by the account of its replay."""

    def replayed(self, at, through, **columns):
        event_id = self.database.value(
            "(SELECT event_id FROM {schema}.orders_raw WHERE kafka_offset = %d)" % at)
        self.database.insert("pipeline_replays", **{
            "topic": "order-events", "partition": 0, "offset": at, "event_id": event_id,
            "too_late": False, "replay_topic": "replays", "replay_partition": 0,
            "replay_offset": through, **columns})

    def books_with_a_replay(self):
        self.accept(4)
        self.shop.book(first=0, last=3, accepted=3, dead_lettered=1)
        self.shop.book(first=5, last=9, topic="replays", accepted=1, dead_lettered=4)
        self.replayed(2, through=7)

    def test_it_belongs_to_the_account_of_its_replay(self):
        self.books_with_a_replay()
        self.letter(2)
        self.assert_found()
        # Without what says that it was replayed it is one too many here, one too few there.
        self.plant("DELETE FROM {schema}.pipeline_replays")
        self.assert_found(("extra", "order-events/0 0..3"), ("missing", "replays/0 5..9"),
                          ("extra", "order-events/0 2"))

    def test_a_missing_one_is_found_where_it_was_replayed(self):
        self.books_with_a_replay()
        self.plant("DELETE FROM {schema}.orders_raw WHERE kafka_offset = 2")
        self.assert_found(("missing", "replays/0 5..9"))

    def test_a_replay_that_the_books_do_not_have_is_extra(self):
        self.books_with_a_replay()
        self.plant("UPDATE {schema}.pipeline_replays SET replay_offset = 4")
        self.assert_found(("missing", "replays/0 5..9"), ("extra", "replays/0 4"))

    def test_an_event_that_only_lost_its_flag_belongs_where_it_came_in(self):
        self.accept(2)
        self.shop.book()
        self.letter(1, code="too_late")
        self.shop.book(first=0, last=0, topic="replays", accepted=0, consumed=1, duplicate=1)
        self.replayed(1, through=0, too_late=True)
        self.assert_found()

    def test_one_whose_original_is_in_no_book_is_well(self):
        # Everything was read anew, when Kafka had the replay and no longer the original.
        self.accept(1)
        self.shop.book(topic="replays")
        self.replayed(0, through=0)
        self.assert_found()


class RecordTest(BooksCase):
    """What the pipeline does about replays that were accepted."""

    def record(self, at, event_id, too_late):
        self.database.run(
            "SELECT {schema}.record_replays(array_agg('order-events'::text), array_agg(0::bigint), "
            "array_agg(%d::bigint), array_agg('%s'::varchar), array_agg(%s), "
            "array_agg('replays'::text), array_agg(0::bigint), array_agg(5::bigint));"
            % (at, event_id, too_late))

    def letters(self):
        return {row["code"]: row["at"] for row in self.database.rows(
            "SELECT code, replayed_at AS at FROM {schema}.dead_letters")}

    def flags(self):
        return [row["too_late"] for row in self.database.rows(
            "SELECT too_late FROM {schema}.orders_raw ORDER BY kafka_offset")]

    def test_the_letter_is_marked_once_and_its_neighbours_are_not(self):
        self.letter(1)
        self.letter(2, code="bad_id")
        self.record(1, "e", False)
        before = self.letters()
        self.assertIsNotNone(before["bad_price"])
        self.assertIsNone(before["bad_id"])
        self.record(1, "another", False)
        self.assertEqual(self.letters(), before)
        self.assertEqual(self.database.value("(SELECT event_id FROM {schema}.pipeline_replays)"),
                         "e")

    def test_a_too_late_event_counts_and_a_refused_row_is_not_replayed(self):
        self.accept(2)
        self.plant("UPDATE {schema}.orders_raw SET too_late = true")
        self.letter(1, code="too_late")
        self.letter(1, code="sink_rejected", field="orders_raw event_id=e1")
        self.record(1, "e1-order-events-0", True)
        self.assertEqual(self.flags(), [True, False])
        self.assertIsNotNone(self.letters()["too_late"])
        self.assertIsNone(self.letters()["sink_rejected"])
        self.record(0, "e0-order-events-0", False)
        self.assertEqual(self.flags(), [True, False])


class FoldTest(BooksCase):
    """Minutes of long ago become days; what they say stays true."""

    SUMS = "SELECT sum(consumed) AS consumed, sum(accepted) AS accepted, " \
           "sum(skipped) AS skipped, min(first_offset) AS first, max(last_offset) AS last " \
           "FROM {schema}.pipeline_accounts"

    def fold(self, keep="30 days", days=2):
        return int(self.database.run("SELECT {schema}.fold_accounts({pipeline}, '%s', %d);"
                                     % (keep, days)))

    def days(self):
        return [(row["minute"], row["consumed"]) for row in self.database.rows(
            "SELECT minute, consumed FROM {schema}.pipeline_accounts ORDER BY minute, topic")]

    def book_days(self):
        """Three days of long ago with three minutes each, midnight among them."""
        for day in ("18", "19", "20"):
            for minute in ("00:00", "10:01", "23:59"):
                first = self.shop.offset
                self.accept(2)
                self.shop.book(first=first, last=first + 1, skipped=5,
                               minute="2020-11-%sT%sZ" % (day, minute))

    def test_minutes_become_days_the_oldest_first_and_sums_stay(self):
        self.book_days()
        before = self.database.rows(self.SUMS)
        self.assertEqual(self.fold(), 4)
        self.assertEqual([consumed for _, consumed in self.days()], [6, 6, 2, 2, 2])
        self.assertEqual(self.fold(), 2)
        self.assertEqual(self.days(), [("2020-11-%dT00:00:00+00:00" % day, 6)
                                       for day in (18, 19, 20)])
        self.assertEqual(self.database.rows(self.SUMS), before)
        self.assertEqual(self.fold(), 0)  # idempotent
        self.assert_found()

    def test_a_minute_that_comes_late_joins_its_day(self):
        self.book_days()
        self.fold(days=9)
        first = self.shop.offset
        self.accept(1)
        self.shop.book(first=first, minute="2020-11-19T12:00Z")
        self.assertEqual(self.fold(), 1)
        self.assertEqual([consumed for _, consumed in self.days()], [6, 7, 6])
        self.assert_found()

    def test_what_is_younger_or_another_pipelines_stays(self):
        self.book_days()
        self.shop.book(first=0, last=0, minute="2020-11-18T10:01Z", pipeline="another")
        self.assertEqual(self.fold(keep="100 years"), 0)
        self.assertEqual(self.fold(days=9), 6)
        self.assertEqual(len(self.days()), 4)

    def test_a_day_is_folded_when_all_of_it_is_old_enough(self):
        self.database.run(
            "INSERT INTO {schema}.pipeline_accounts (pipeline, topic, partition, minute, "
            "first_offset, last_offset, consumed, accepted) SELECT {pipeline}, 'order-events', 0, "
            "date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - "
            "interval '30 days' + interval '1 minute', 0, 0, 1, 1;")
        self.assertEqual(self.fold(), 0)
        self.assertEqual(self.fold(keep="29 days"), 1)

    def test_differences_are_found_in_folded_days(self):
        self.book_days()
        self.fold(days=9)
        self.plant("DELETE FROM {schema}.orders_raw WHERE kafka_offset = 7")
        self.assert_found(("missing", "order-events/0 6..11"))

    def test_the_owner_folds_once_an_hour_as_it_moves_on(self):
        self.book_days()
        ids = ["'\\x%s'" % ("%02d" % number * 16) for number in range(4)]
        self.database.run(
            "DELETE FROM {schema}.pipeline_epochs; INSERT INTO {schema}.pipeline_epochs (pipeline, "
            "lane, lanes, epoch, epoch_id, incarnation, offsets, applied_at) VALUES ({pipeline}, 0, "
            "1, 0, %s, %s, '{}', now() - interval '1 hour');" % (ids[0], ids[0]))

        def advance(run, before, to, keep="720h"):
            self.database.run(
                "SET lensart.keep_accounts = '%s'; SELECT {schema}.pipeline_advance({pipeline}, 0, "
                "%s, %s, %d, %s, '{}', NULL, NULL);" % (keep, ids[run], ids[before], to, ids[to]))

        with self.assertRaises(SqlError):
            advance(1, 0, 1)  # fenced
        self.assertEqual(len(self.days()), 9)
        advance(0, 0, 1)
        self.assertEqual(len(self.days()), 5)
        advance(0, 1, 2)
        self.assertEqual(len(self.days()), 5, "not again within the hour")
        self.database.run("UPDATE {schema}.pipeline_epochs SET applied_at = '2020-01-01Z';")
        advance(0, 2, 3, keep="")
        self.assertEqual(len(self.days()), 5, "not by whoever was not told how long to keep them")


if __name__ == "__main__":
    unittest.main()
