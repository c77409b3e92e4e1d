"""The status job's tables: what the audit expects of hand-made events, rule by rule."""

import unittest

from audit_test import NINE, TEN, ELEVEN, AuditCase
from orders import (CANCELLED, DELIVERED, NEW, PAID, READY, SHIPPED, UNPAID, Shop,
                    snapshot)

LOST = "Thất lạc"


def at(time, day=20):
    """An instant of the test's day, in UTC."""
    return "2026-11-%02dT%s+00:00" % (day, time)


class StatusCase(AuditCase):
    def rows(self, table, order_id=None, **only):
        """The rows the audit expects, of one order or all."""
        self.assert_consistent()
        rows = self.database.audit(table)
        return [row for row in rows
                if order_id in (None, row["order_id"])
                and all(row[name] == value for name, value in only.items())]

    def history(self, *columns, order_id=None):
        rows = sorted(self.rows("order_status_history", order_id),
                      key=lambda row: (row["order_id"], row["changed_at"],
                                       row["event_id"].encode()))
        if len(columns) == 1:
            return [row[columns[0]] for row in rows]
        return [tuple(row[name] for name in columns) for row in rows] if columns else rows

    def sessions(self, *columns, order_id=None):
        rows = sorted(self.rows("order_status_sessions", order_id),
                      key=lambda row: (row["order_id"], row["session_id"]))
        return [tuple(row[name] for name in columns) for row in rows] if columns else rows

    def anomalies(self, kind=None, order_id=None):
        """(status, since, resolved_at) of one kind; of all, with the kind before."""
        rows = self.rows("order_anomalies", order_id)
        return sorted(((row["kind"],) if kind is None else ())
                      + (row["status"], row["since"], row["resolved_at"])
                      for row in rows if kind in (None, row["kind"]))

    def story(self, order_id, *changes):
        """Changes of status of an order, a minute apart: (old, new) each."""
        for nth, (old, new) in enumerate(changes):
            self.shop.status("o%d-%02d" % (order_id, nth), at("10:%02d:00" % nth), new,
                             order_id=order_id, old=old)


class HistoryTest(StatusCase):
    def test_one_change_is_one_row(self):
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", TEN, READY)
        self.assertEqual(self.history(), [
            {"order_id": 1042, "event_id": "e2", "old_status": NEW, "new_status": READY,
             "changed_at": TEN, "processing_time_seconds": 3600, "anomaly": None,
             "session_id": 1795168800000000}])

    def test_only_changes_of_status_have_rows(self):
        self.shop.write("created", "e1", NINE)
        self.shop.write("updated", "e2", TEN, order_status=SHIPPED)
        self.shop.payment("e3", TEN, PAID, order=snapshot(order_status=DELIVERED))
        self.shop.write("cancelled", "e4", ELEVEN)
        self.assertEqual(self.history(), [])

    def test_time_is_cut_to_whole_seconds_since_the_row_before_whatever_arrives_first(self):
        self.shop.status("e4", at("10:01:00.5"), SHIPPED, old=READY)
        self.shop.status("e2", at("09:00:02.999999"), NEW)
        self.shop.write("created", "e1", at("09:00:00"))
        self.shop.status("e3", at("09:00:04.999998"), READY)
        self.assertEqual(self.history("event_id", "processing_time_seconds"),
                         [("e2", 2), ("e3", 1), ("e4", 3655)])

    def test_the_first_row_counts_from_the_earliest_created_event_if_that_is_not_later(self):
        for order_id, created, expected in ((1, [], None), (2, [at("10:00:00.000001")], None),
                                            (3, [at("10:00:00")], 0),
                                            (4, [at("11:00:00"), at("09:59:00")], 60)):
            self.shop.write("updated", "u%d" % order_id, NINE, order_id=order_id)
            for nth, when in enumerate(created):
                self.shop.write("created", "c%d%d" % (order_id, nth), when, order_id=order_id)
            self.shop.status("s%d" % order_id, TEN, READY, order_id=order_id)
            self.assertEqual(self.history("processing_time_seconds", order_id=order_id),
                             [expected])

    def test_at_one_instant_the_bytes_of_the_event_id_decide(self):
        # By bytes Z < a < é; a dictionary would put them otherwise.
        self.shop.status("é", NINE, SHIPPED, old=READY, order=snapshot())
        self.shop.status("Z", NINE, NEW)
        self.shop.status("a", NINE, READY)
        self.assertEqual(self.history("event_id", "anomaly", "processing_time_seconds"),
                         [("Z", None, None), ("a", None, 0), ("é", None, 0)])

    def test_rows_wait_for_a_snapshot_and_waiting_changes_nothing_else(self):
        self.shop.status("e1", NINE, READY)
        self.shop.payment("e2", NINE, PAID)
        self.shop.status("e3", TEN, NEW, old=READY)
        self.assertEqual(self.history(), [])
        self.shop.payment("e4", ELEVEN, PAID, order=snapshot())
        self.assertEqual(self.history("event_id", "processing_time_seconds", "anomaly"),
                         [("e1", None, None), ("e3", 3600, "backward")])

    def test_a_change_with_a_snapshot_does_not_wait(self):
        self.shop.status("e1", NINE, READY, order=snapshot())
        self.assertEqual(self.history("event_id"), ["e1"])

    def test_too_late_changes_have_rows(self):
        self.shop.status("e1", NINE, READY, order=snapshot())
        self.shop.too_late("e1")
        self.assertEqual(self.history("event_id"), ["e1"])

    def test_an_old_status_is_optional_and_in_nfc(self):
        self.shop.status("e1", NINE, READY, old=None, order=snapshot())
        self.shop.status("e2", TEN, SHIPPED, old="Tha\u0301i")
        self.shop.accept({"event_type": "order.status_changed", "event_id": "e3",
                          "timestamp": ELEVEN, "order_id": 1042, "new_status": DELIVERED},
                         order_id=1042, order_status=DELIVERED)
        self.assertEqual(self.history("old_status", "new_status"),
                         [(None, READY), ("Thái", SHIPPED), (None, DELIVERED)])

    def test_the_first_anomaly_that_applies(self):
        stories = [
            # (old, new) of each change, and what is odd about it.
            ([(None, NEW)], [None]),
            ([(NEW, READY), (READY, SHIPPED), (SHIPPED, DELIVERED)], [None, None, None]),
            ([(NEW, DELIVERED)], [None]),
            ([(NEW, NEW)], [None]),
            ([(NEW, READY), (READY, READY)], [None, None]),
            ([(SHIPPED, READY)], ["backward"]),
            ([(DELIVERED, NEW)], ["after_terminal"]),
            ([(CANCELLED, CANCELLED)], ["after_terminal"]),
            ([(LOST, NEW)], [None]),
            ([(NEW, READY), (NEW, SHIPPED)], [None, "sequence_gap"]),
            ([(NEW, READY), (None, SHIPPED)], [None, None]),
            ([(NEW, SHIPPED), (NEW, READY)], [None, "backward"]),
            ([(NEW, DELIVERED), (DELIVERED, SHIPPED)], [None, "after_terminal"]),
            ([(NEW, DELIVERED), (NEW, DELIVERED)], [None, "after_terminal"]),
            ([(NEW, CANCELLED), (CANCELLED, NEW), (NEW, READY)], [None, "after_terminal", None]),
            ([(NEW, DELIVERED), (DELIVERED, LOST)], [None, "unknown_status"]),
            ([(NEW, LOST), (LOST, READY)], ["unknown_status", None]),
            ([(NEW, LOST), (NEW, READY)], ["unknown_status", "sequence_gap"]),
            ([(NEW, "")], ["unknown_status"]),
            ([(NEW, SHIPPED), (SHIPPED, CANCELLED)], [None, None]),
            ([(NEW, SHIPPED), (NEW, CANCELLED)], [None, "sequence_gap"])]
        for order_id, (changes, _) in enumerate(stories, start=1):
            self.shop.write("created", "c%d" % order_id, NINE, order_id=order_id)
            self.story(order_id, *changes)
        found = self.history("order_id", "anomaly")
        for order_id, (changes, expected) in enumerate(stories, start=1):
            with self.subTest(changes):
                self.assertEqual([anomaly for order, anomaly in found if order == order_id],
                                 expected)

    def test_a_cancelled_event_between_two_changes_is_none_of_the_rows(self):
        self.shop.status("e1", NINE, READY, order=snapshot())
        self.shop.write("cancelled", "e2", TEN)
        self.shop.status("e3", ELEVEN, SHIPPED, old=READY)
        self.assertEqual(self.history("event_id", "anomaly"), [("e1", None), ("e3", None)])

    def test_ranks_and_terminal_statuses_are_configured(self):
        self.shop = Shop(self.database, status_ranks=[SHIPPED, READY], terminal_statuses=[NEW])
        self.shop.write("created", "c", NINE, order_id=1)
        self.story(1, (DELIVERED, SHIPPED), (SHIPPED, READY), (READY, SHIPPED), (SHIPPED, NEW),
                   (NEW, DELIVERED))
        self.assertEqual(self.history("anomaly"),
                         [None, None, "backward", None, "after_terminal"])


class SessionTest(StatusCase):
    def test_a_session_is_one_row_and_does_not_wait_for_a_snapshot(self):
        self.shop.status("e2", at("09:10:00.25"), SHIPPED)
        self.shop.status("e1", at("09:00:00.5"), READY)
        self.assertEqual(self.sessions(), [
            {"order_id": 1042, "session_id": 1795165200500000,
             "started_at": "2026-11-20T09:00:00.5+00:00",
             "ended_at": "2026-11-20T09:10:00.25+00:00", "changes": 2, "first_status": READY,
             "last_status": SHIPPED}])
        self.assertEqual(self.database.value("to_timestamp(1795165200.5)"),
                         "2026-11-20T09:00:00.5+00:00")

    def test_a_change_at_most_the_gap_after_the_one_before_belongs_to_its_session(self):
        for order_id, times, expected in (
                (1, ["09:00:00", "09:30:00"], [2]),
                (2, ["09:00:00", "09:30:00.000001"], [1, 1]),
                (3, ["09:00:00", "09:20:00", "09:40:00", "10:10:00"], [4]),
                (4, ["09:00:00", "09:40:00", "10:20:00", "10:25:00"], [1, 1, 2])):
            for time in times:
                self.shop.status("e%d%s" % (order_id, time), at(time), NEW, order_id=order_id)
            self.assertEqual([changes for (changes,) in
                              self.sessions("changes", order_id=order_id)], expected)

    def test_sessions_merge_when_a_change_falls_between_two(self):
        self.shop.status("e1", at("09:00:00"), READY, order=snapshot())
        self.shop.status("e3", at("10:00:00"), DELIVERED)
        self.assertEqual(self.sessions("started_at", "changes"), [(NINE, 1), (TEN, 1)])
        self.shop.status("e2", at("09:30:00"), SHIPPED)
        self.assertEqual(self.sessions("started_at", "ended_at", "changes", "first_status",
                                       "last_status"), [(NINE, TEN, 3, READY, DELIVERED)])
        self.assertEqual(self.history("session_id"), [1795165200000000] * 3)

    def test_each_row_of_the_history_names_its_session(self):
        self.shop.write("created", "c", NINE)
        for event_id, time in (("e1", "09:00:00"), ("e2", "09:29:00"), ("e3", "10:00:00")):
            self.shop.status(event_id, at(time), NEW)
        first, second = (session for (session,) in self.sessions("session_id"))
        self.assertEqual(self.history("session_id"), [first, first, second])

    def test_at_one_instant_the_bytes_of_the_event_id_decide_what_is_first_and_last(self):
        self.shop.status("b", NINE, SHIPPED)
        self.shop.status("é", NINE, DELIVERED)
        self.shop.status("Z", NINE, READY)
        self.assertEqual(self.sessions("first_status", "last_status", "changes"),
                         [(READY, DELIVERED, 3)])

    def test_other_events_do_not_prolong_a_session(self):
        self.shop.status("e1", at("09:00:00"), READY)
        self.shop.write("updated", "e2", at("09:20:00"), order_status=SHIPPED)
        self.shop.write("cancelled", "e3", at("09:30:00"))
        self.shop.status("e4", at("09:40:00"), READY)
        self.assertEqual(self.sessions("changes"), [(1,), (1,)])

    def test_the_gap_is_configured(self):
        self.shop = Shop(self.database, session_gap="1m30s")
        for event_id, time in (("e1", "09:00:00"), ("e2", "09:01:30"), ("e3", "09:03:01")):
            self.shop.status(event_id, at(time), NEW)
        self.assertEqual(self.sessions("changes"), [(2,), (1,)])


class AnomalyTest(StatusCase):
    def test_odd_changes_are_listed_before_any_snapshot(self):
        self.story(1, (SHIPPED, READY), (NEW, DELIVERED), (DELIVERED, NEW))
        self.assertEqual(self.anomalies(), [
            ("after_terminal", NEW, at("10:02:00"), None),
            ("backward", READY, at("10:00:00"), None),
            ("sequence_gap", DELIVERED, at("10:01:00"), None)])

    def test_of_equal_ones_there_is_one(self):
        self.shop.status("e1", NINE, SHIPPED)
        for event_id in ("e2", "e3"):
            self.shop.status(event_id, TEN, DELIVERED, old=READY)
        self.shop.status("e4", ELEVEN, NEW)
        self.shop.status("e5", ELEVEN, NEW)
        self.assertEqual(self.anomalies("sequence_gap"), [(DELIVERED, TEN, None)])
        # e3 and e4 follow a terminal status; e5 follows e4, which is none.
        self.assertEqual(sorted(self.anomalies("after_terminal")),
                         sorted([(DELIVERED, TEN, None), (NEW, ELEVEN, None)]))

    def test_one_that_a_late_event_explains_away_disappears(self):
        self.shop.status("e1", NINE, READY)
        self.shop.status("e3", ELEVEN, DELIVERED, old=SHIPPED)
        self.assertEqual(self.anomalies(), [("sequence_gap", DELIVERED, ELEVEN, None)])
        self.shop.status("e2", TEN, SHIPPED, old=READY)
        self.shop.too_late("e2")
        self.assertEqual(self.anomalies(), [])

    def test_an_unknown_status_is_one_row_from_its_earliest_event(self):
        self.shop.write("updated", "e3", ELEVEN, order_status=LOST)
        self.shop.status("e1", NINE, LOST)
        self.shop.payment("e2", TEN, PAID, order=snapshot(order_status=LOST))
        self.shop.status("e4", ELEVEN, "")
        self.shop.write("created", "e5", TEN, order_id=7, order_status=LOST)
        self.assertEqual(self.anomalies("unknown_status", 1042),
                         [("", ELEVEN, None), (LOST, NINE, None)])
        self.assertEqual(self.anomalies("unknown_status", 7), [(LOST, TEN, None)])

    def test_a_payment_method_that_its_map_lacks_is_unknown_and_case_counts(self):
        self.shop.write("created", "e1", NINE, payment_method="cod")
        self.shop.write("updated", "e2", TEN, payment_method="COD")
        self.shop.write("updated", "e3", ELEVEN, payment_method=None, payment_status="cod?")
        self.shop.write("updated", "e4", ELEVEN, payment_method="cod")
        self.shop.payment("e5", NINE, "dở dang")
        self.assertEqual(self.anomalies(), [("unknown_status", "cod", NINE, None)])

    def test_one_text_that_is_both_unknown_status_and_unknown_method_is_one_row(self):
        self.shop.write("created", "e2", TEN, order_status="?", payment_method="momo")
        self.shop.write("created", "e1", NINE, order_status=NEW, payment_method="?")
        self.assertEqual(self.anomalies("unknown_status"), [("?", NINE, None)])

    def test_the_status_a_cancellation_carries_is_not_written_so_not_unknown(self):
        self.shop.write("cancelled", "e1", NINE, order_status=LOST)
        self.assertEqual(self.anomalies(), [])

    def test_a_status_of_one_map_is_unknown_to_the_other(self):
        self.shop.write("created", "e1", NINE, order_status="momo", payment_method=NEW)
        self.assertEqual(self.anomalies("unknown_status"),
                         sorted([("momo", NINE, None), (NEW, NINE, None)]))


class StuckTest(StatusCase):
    def stuck(self, order_id=1042):
        return self.anomalies("stuck", order_id)

    def test_a_status_that_lasted_a_day_is_a_row_whether_or_not_a_timer_fired(self):
        for order_id, until, expected in (
                (1, at("09:00:00", 21), [(NEW, NINE, at("09:00:00", 21))]),
                (2, at("08:59:59.999999", 21), [])):
            self.shop.write("created", "c%d" % order_id, NINE, order_id=order_id)
            self.shop.status("s%d" % order_id, until, DELIVERED, order_id=order_id)
            self.assertEqual(self.stuck(order_id), expected)

    def test_after_the_last_change_the_timer_clock_decides(self):
        self.shop.write("created", "e1", NINE)
        self.assertEqual(self.stuck(), [])
        self.shop.stands_at(timer_clock=at("08:59:59.999999", 21), watermark=at("09:00:00", 25))
        self.assertEqual(self.stuck(), [])
        self.shop.stands_at(timer_clock=at("09:00:00", 21))
        self.assertEqual(self.stuck(), [(NEW, NINE, None)])
        self.shop.status("e2", at("10:00:00", 21), READY)
        self.assertEqual(self.stuck(), [(NEW, NINE, at("10:00:00", 21))])

    def test_a_terminal_status_is_never_stuck(self):
        self.shop.stands_at(timer_clock=at("00:00:00", 30))
        self.shop.status("e1", NINE, DELIVERED, order_id=1)
        self.shop.write("cancelled", "e2", NINE, order_id=2)
        self.shop.status("e3", NINE, DELIVERED, order_id=3)
        self.shop.status("e4", at("09:00:00", 25), CANCELLED, order_id=3)
        self.assertEqual(self.anomalies("stuck"), [])

    def test_what_is_a_change(self):
        day = at("09:00:00", 21)
        cases = [
            # what happens at 15:00 of the first day, and the stuck row at 9:00 of the next
            ("the same status in an update", lambda order_id: self.shop.write(
                "updated", "x%d" % order_id, at("15:00:00"), order_id=order_id), NINE),
            ("a payment without snapshot", lambda order_id: self.shop.payment(
                "x%d" % order_id, at("15:00:00"), PAID, order_id=order_id), NINE),
            ("the same status in a payment's snapshot", lambda order_id: self.shop.payment(
                "x%d" % order_id, at("15:00:00"), PAID, order_id=order_id,
                order=snapshot(id=order_id)), NINE),
            ("another status in an update", lambda order_id: self.shop.write(
                "updated", "x%d" % order_id, at("15:00:00"), order_id=order_id,
                order_status=READY), None),
            ("a change to the same status", lambda order_id: self.shop.status(
                "x%d" % order_id, at("15:00:00"), NEW, order_id=order_id), None),
            ("a cancellation", lambda order_id: self.shop.write(
                "cancelled", "x%d" % order_id, at("15:00:00"), order_id=order_id), None)]
        for order_id, (_, happens, _) in enumerate(cases, start=1):
            self.shop.write("created", "c%d" % order_id, NINE, order_id=order_id)
            happens(order_id)
            self.shop.status("s%d" % order_id, day, READY, order_id=order_id)
        found = self.rows("order_anomalies", kind="stuck")
        for order_id, (what, _, since) in enumerate(cases, start=1):
            with self.subTest(what):
                self.assertEqual([(row["status"], row["since"], row["resolved_at"])
                                  for row in found if row["order_id"] == order_id],
                                 [(NEW, since, day)] if since else [])

    def test_the_first_status_may_come_from_any_event_but_not_from_a_bare_payment(self):
        self.shop.stands_at(timer_clock=at("12:00:00", 22))
        self.shop.payment("e1", NINE, PAID)
        self.assertEqual(self.stuck(), [])
        self.shop.payment("e2", TEN, PAID, order=snapshot())
        self.assertEqual(self.stuck(), [(NEW, TEN, None)])

    def test_a_cancellation_taken_back_starts_anew(self):
        self.shop.stands_at(timer_clock=at("12:00:00", 23))
        self.shop.write("created", "e1", NINE)
        self.shop.write("cancelled", "e2", TEN)
        self.shop.write("updated", "e3", at("12:00:00", 22), order_status=NEW)
        self.assertEqual(self.stuck(), [(NEW, at("12:00:00", 22), None)])

    def test_a_second_cancellation_is_a_change_where_cancelled_is_not_terminal(self):
        self.shop = Shop(self.database, terminal_statuses=[DELIVERED])
        self.shop.write("cancelled", "e1", NINE)
        self.shop.write("updated", "e2", TEN, order_status=CANCELLED)
        self.shop.write("cancelled", "e3", ELEVEN)
        self.shop.status("e4", at("11:00:00", 21), DELIVERED)
        self.assertEqual(self.stuck(), [(CANCELLED, ELEVEN, at("11:00:00", 21))])

    def test_at_one_instant_the_order_of_the_fold_decides_what_lasted(self):
        self.shop.status("a", NINE, READY)
        self.shop.write("created", "z", NINE)
        self.shop.status("e", at("09:00:00", 22), DELIVERED)
        self.assertEqual(self.stuck(), [(READY, NINE, at("09:00:00", 22))])

    def test_an_event_that_arrives_out_of_order_splits_the_time(self):
        self.shop.write("created", "e1", NINE)
        self.shop.status("e3", at("09:00:00", 22), DELIVERED)
        self.assertEqual(self.stuck(), [(NEW, NINE, at("09:00:00", 22))])
        self.shop.status("e2", at("08:00:00", 21), READY)
        self.assertEqual(self.stuck(), [(READY, at("08:00:00", 21), at("09:00:00", 22))])

    def test_the_time_is_configured_and_a_day_is_24_hours(self):
        # In this zone the night of the first of November 2026 has 25 hours.
        self.shop = Shop(self.database, time_zone="America/New_York", stuck_after="1d")
        self.shop.write("created", "e1", "2026-10-31T20:00:00-04:00")
        self.shop.status("e2", "2026-11-01T19:00:00-05:00", DELIVERED)
        self.assertEqual(len(self.stuck()), 1)
        self.shop = Shop(self.database, stuck_after="90m")
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", at("10:30:00"), DELIVERED)
        self.assertEqual(len(self.stuck()), 1)


class PlantedErrorTest(StatusCase):
    TABLES = ("order_status_history", "order_status_sessions", "order_anomalies")

    def setUp(self):
        super().setUp()
        self.shop.stands_at(timer_clock=at("00:00:00", 30))
        for order_id in (7, 1042):
            self.shop.write("created", "c%d" % order_id, NINE, order_id=order_id)
            self.shop.status("s%d" % order_id, TEN, SHIPPED, order_id=order_id)
            self.shop.status("t%d" % order_id, ELEVEN, READY, order_id=order_id, old=LOST)
        self.database.fill_from_audit("orders_processed")
        for table in self.TABLES:
            self.database.fill_from_audit(table)

    def plant(self, statement):
        self.database.run(statement + ";")

    def test_nothing_planted_nothing_found(self):
        for table in self.TABLES:
            self.assertGreater(self.database.value("(SELECT count(*) FROM {schema}.%s)" % table), 2)
            self.assertEqual(self.database.differences(table), [])

    def test_a_wrong_value_in_any_column_is_found(self):
        for table, column, value in (
                ("order_status_history", "old_status", "NULL"),
                ("order_status_history", "new_status", "'?'"),
                ("order_status_history", "changed_at", "changed_at + interval '1 microsecond'"),
                ("order_status_history", "processing_time_seconds", "3599"),
                ("order_status_history", "anomaly", "'sequence_gap'"),
                ("order_status_history", "session_id", "session_id + 1"),
                ("order_status_sessions", "ended_at", "ended_at + interval '1 microsecond'"),
                ("order_status_sessions", "changes", "changes + 1"),
                ("order_status_sessions", "first_status", "'?'"),
                ("order_status_sessions", "last_status", "'?'"),
                ("order_anomalies", "status", "'?'"),
                ("order_anomalies", "since", "since - interval '1 microsecond'")):
            with self.subTest("%s.%s" % (table, column)):
                self.setUp()
                self.plant("UPDATE {schema}.%s SET %s = %s WHERE ctid = (SELECT min(ctid) FROM"
                           " {schema}.%s WHERE order_id = 7)" % (table, column, value, table))
                self.assertEqual(self.database.differences(table), [("extra", 7), ("missing", 7)])

    def test_a_stuck_order_that_is_called_resolved_is_found(self):
        self.plant("UPDATE {schema}.order_anomalies SET resolved_at = since + interval '1 hour'"
                   " WHERE kind = 'stuck' AND order_id = 7")
        self.assertEqual(self.database.differences("order_anomalies"),
                         [("extra", 7), ("missing", 7)])

    def test_a_missing_and_an_extra_row_are_found(self):
        for table in self.TABLES:
            with self.subTest(table):
                self.plant("DELETE FROM {schema}.%s WHERE ctid = (SELECT min(ctid) FROM"
                           " {schema}.%s WHERE order_id = 7)" % (table, table))
                self.assertEqual(self.database.differences(table), [("missing", 7)])
        self.setUp()
        self.plant("INSERT INTO {schema}.order_status_history (order_id, event_id, new_status,"
                   " changed_at, session_id) VALUES (7, 'nobody sent this', '', now(), 1)")
        self.assertEqual(self.database.differences("order_status_history"), [("extra", 7)])
        self.plant("INSERT INTO {schema}.order_status_sessions VALUES (7, 0,"
                   " timestamptz 'epoch', timestamptz 'epoch', 1, '', '')")
        self.assertEqual(self.database.differences("order_status_sessions"), [("extra", 7)])
        self.plant("INSERT INTO {schema}.order_anomalies (order_id, kind, status, since)"
                   " VALUES (7, 'stuck', '', timestamptz 'epoch')")
        self.assertEqual(self.database.differences("order_anomalies"), [("extra", 7)])

    def test_without_settings_nothing_is_expected_and_nothing_fails(self):
        self.plant("DELETE FROM {schema}.pipeline_settings")
        for table in self.TABLES:
            self.assertEqual(self.database.audit(table), [])


class WaitingTest(StatusCase):
    def test_orders_wait_until_they_have_a_snapshot(self):
        self.shop.status("e1", NINE, READY, order_id=1)
        self.shop.status("e2", ELEVEN, SHIPPED, order_id=1)
        self.shop.status("e3", NINE, READY, order_id=2)
        self.shop.write("created", "e4", NINE, order_id=2)
        self.shop.write("created", "e5", NINE, order_id=3)
        self.shop.payment("e6", NINE, UNPAID, order_id=4)
        for table in ("orders_processed", "order_status_history", "order_status_sessions"):
            self.database.fill_from_audit(table)
        self.assertEqual(self.database.rows("SELECT * FROM {schema}.v_orders_waiting"),
                         [{"order_id": 1}])


if __name__ == "__main__":
    unittest.main()
