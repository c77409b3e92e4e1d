"""The functions that write the metrics, and the view of the days: each call says what shall stand."""

import decimal
import unittest

from audit_test import NINE, TEN, ELEVEN
from database import AUDITED, MEASURES, SqlError, literal
from metrics_test import LOST, MetricsCase, line
from orders import (CANCELLED, DELIVERED, FRAME, NEW, PAID, READY, SHIPPED, Shop, snapshot)


HOURLY = ("order_metrics", ("DATE", "BIGINT", "BIGINT"), ("'2026-11-20'", "5"))
SLIDING = ("order_metrics_sliding", ("TIMESTAMPTZ", "TIMESTAMPTZ", "BIGINT"),
           ("'2026-11-20T09:00Z'", "'2026-11-20T10:00Z'"))


class UpsertTest(MetricsCase):
    def upsert(self, *measures, branch=1, key=("'2026-11-20'", "5")):
        self.database.run("SELECT {schema}.upsert_order_metrics(%s);" % ", ".join(
            [*key, str(branch), *map(literal, measures)]))

    def upsert_batch(self, table, types, key, *rows):
        """Each row is (branch, nine measures), through a stage as the sink has it."""
        columns = AUDITED[table]
        types = (*types, "BIGINT", "NUMERIC", "NUMERIC", *["BIGINT"] * 6)
        self.database.run("CREATE TEMP TABLE stage (%s) ON COMMIT DROP;" % ", ".join(
            "%s %s" % column for column in zip(columns, types)) + "".join(
                "INSERT INTO stage VALUES (%s);" % ", ".join([*key, *map(literal, row)])
                for row in rows) + "SELECT {schema}.upsert_%s_batch(%s) FROM stage;"
            % (table, ", ".join("array_agg(%s)" % name for name in columns)))

    def table(self, name):
        return [tuple(row[column] for column in AUDITED[name][2:]) for row in self.database.rows(
            "SELECT * FROM {schema}.%s ORDER BY branch_id" % name)]

    def test_values_are_absolute(self):
        first, second = (2, 30, 15, 1, 1, 0, 0, 1, 1), (3, 36, 12, 0, 1, 2, 0, 0, 3)
        self.upsert(*first)
        self.assertEqual(self.table("order_metrics"), [(1, *first)])
        for _ in range(2):
            self.upsert(*second)
            self.assertEqual(self.table("order_metrics"), [(1, *second)])

    def test_no_orders_delete_the_row_and_only_that_one(self):
        for branch in (1, 2):
            self.upsert(1, 5, 5, 1, 0, 0, 0, 0, 0, branch=branch)
        for _ in range(2):
            self.upsert(0, 0, None, 0, 0, 0, 0, 0, 0, branch=2)
            self.assertEqual(self.table("order_metrics"), [(1, 1, 5, 5, 1, 0, 0, 0, 0, 0)])

    def test_a_rewritten_row_says_when(self):
        self.upsert(1, 5, 5, 1, 0, 0, 0, 0, 0)
        self.database.run("UPDATE {schema}.order_metrics SET updated_at = 'epoch';")
        self.upsert(1, 5, 5, 1, 0, 0, 0, 0, 0)
        self.assertTrue(self.database.value(
            "(SELECT updated_at > now() - interval '1 minute' FROM {schema}.order_metrics)"))

    def test_parameters_have_the_names_of_the_contract(self):
        self.assertEqual(self.database.value(
            "(SELECT array_to_json(proargnames) FROM pg_proc WHERE proname = 'upsert_order_metrics'"
            " AND pronamespace = $name${schema}$name$::regnamespace)"),
            ["p_metric_date", "p_metric_hour", "p_branch_id",
             *("p_" + measure for measure in MEASURES)])

    def test_a_batch_inserts_replaces_and_deletes(self):
        for table, types, key in (HOURLY, SLIDING):
            with self.subTest(table):
                one = (1, 5, 5, 1, 0, 0, 0, 0, 0)
                two = (2, decimal.Decimal("5.01"), decimal.Decimal("2.51"), 1, 1, 0, 0, 2, 0)
                none = (0,) * 9
                self.upsert_batch(table, types, key, (1, *one), (2, *one))
                self.assertEqual(self.table(table), [(1, *one), (2, *one)])
                for _ in range(2):
                    self.upsert_batch(table, types, key, (1, *none), (2, *two), (3, *one),
                                      (4, *none))
                    self.assertEqual(self.table(table), [(2, *two), (3, *one)])

    def test_a_batch_without_rows_changes_nothing(self):
        for table, types, key in (HOURLY, SLIDING):
            self.upsert_batch(table, types, key, (1, 1, 5, 5, 1, 0, 0, 0, 0, 0))
            self.upsert_batch(table, types, key)
            self.assertEqual(len(self.table(table)), 1)

    def test_sales_go_in_by_batches(self):
        def sales(*rows):
            self.database.run("SELECT {schema}.upsert_product_sales_hourly_batch(%s);" % ", ".join(
                "ARRAY[%s]::%s[]" % (", ".join(literal(row[nth]) for row in rows), type_name)
                if rows else "NULL" for nth, type_name in enumerate(
                    ("DATE", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "NUMERIC"))))
            return [tuple(row[name] for name in AUDITED["product_sales_hourly"]) for row in
                    self.database.rows("SELECT * FROM {schema}.product_sales_hourly ORDER BY 3")]
        day = "2026-11-20"
        self.assertEqual(sales((day, 5, 1, 1, 1, 10), (day, 5, 2, 1, 1, 10)),
                         [(day, 5, 1, 1, 1, 10), (day, 5, 2, 1, 1, 10)])
        expected = [(day, 5, 2, 2, 4, decimal.Decimal("40.5")), (day, 5, 3, 1, 1, 0)]
        for _ in range(2):
            self.assertEqual(sales((day, 5, 1, 0, 0, 0), *expected), expected)
        self.assertEqual(sales(), expected)

    def refused(self, sql):
        with self.assertRaises(SqlError) as refused:
            self.database.run(sql)
        return refused.exception.sqlstate

    def test_what_cannot_be_is_refused(self):
        for measures in ((1, 5, 5, 1, 1, 0, 0, 0, 0), (1, -5, 5, 1, 0, 0, 0, 0, 0),
                         (1, 5, 5, 1, 0, 0, 0, -1, 0), (-1, 5, 5, 0, 0, 0, 0, 0, 0)):
            with self.assertRaises(SqlError) as refused:
                self.upsert(*measures)
            self.assertEqual(refused.exception.sqlstate, "23514", measures)
        with self.assertRaises(SqlError) as refused:
            self.upsert(1, 5, 5, 1, 0, 0, 0, 0, 0, key=("'2026-11-20'", "24"))
        self.assertEqual(refused.exception.sqlstate, "23514")
        with self.assertRaises(SqlError) as refused:
            self.upsert(None, 5, 5, 1, 0, 0, 0, 0, 0)
        self.assertEqual(refused.exception.sqlstate, "23502")
        self.assertEqual(self.refused(
            "INSERT INTO {schema}.order_metrics_sliding VALUES ('2026-11-20T09:00Z',"
            " '2026-11-20T09:59Z', 1, 1, 5, 5, 1, 0, 0, 0, 0, 0);"), "23514")


class DailyTest(MetricsCase):
    def test_a_day_adds_up_its_hours_and_branches(self):
        for order_id, date, price, status, branch in (
                (1, "2026-11-20 00:00:00", "10.00", NEW, 1),
                (2, "2026-11-20 23:59:59", "10.01", CANCELLED, 1),
                (3, "2026-11-20 23:59:59", "10.00", DELIVERED, 2),
                (4, "2026-11-21 00:00:00", "7", DELIVERED, 2)):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id, date=date,
                            total_price=price, order_status=status, branch_id=branch)
        self.database.fill_from_audit("order_metrics")
        self.assertEqual(
            self.database.rows("SELECT * FROM {schema}.v_daily_order_summary ORDER BY 1"),
            [{"metric_date": "2026-11-20", "total_orders": 3,
              "total_revenue": decimal.Decimal("30.01"), "avg_order_value": 10,
              "completed_orders": 1, "cancelled_orders": 1},
             {"metric_date": "2026-11-21", "total_orders": 1, "total_revenue": 7,
              "avg_order_value": 7, "completed_orders": 1, "cancelled_orders": 0}])


if __name__ == "__main__":
    unittest.main()
