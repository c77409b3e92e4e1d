"""Errors planted in the tables of statuses, and orders whose history waits."""

import unittest

from audit_test import NINE, TEN, ELEVEN, AuditCase
from orders import (CANCELLED, DELIVERED, NEW, PAID, READY, SHIPPED, UNPAID, Shop,
                    snapshot)

LOST = "Thất lạc"
from status_test import LOST, StatusCase, at


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
