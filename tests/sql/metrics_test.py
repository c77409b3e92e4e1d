"""The metrics job's tables: what the audit expects of hand-made events, and how rows go in."""

import decimal
import unittest

from audit_test import NINE, TEN, ELEVEN, AuditCase
from database import AUDITED, MEASURES, SqlError, literal
from orders import (CANCELLED, DELIVERED, FRAME, NEW, PAID, READY, SHIPPED, Shop, snapshot)

LOST = "Thất lạc"


def line(product_id, quantity=1, total_price="1000"):
    return {"product_id": product_id, "product_name": "%s %d" % (FRAME, product_id),
            "quantity": quantity, "total_price": total_price}


class MetricsCase(AuditCase):
    def rows(self, table, *columns):
        self.assert_consistent()
        rows = sorted(self.database.audit(table), key=lambda row: tuple(
            row[name] for name in AUDITED[table][:3]))
        return [tuple(row[name] for name in columns) for row in rows] if columns else rows

    def metrics(self, *columns):
        return self.rows("order_metrics", *columns)

    def hours(self):
        return self.metrics("metric_date", "metric_hour", "total_orders")

    def measures(self, *columns):
        """Of the only hour and branch."""
        (row,) = self.metrics(*columns)
        return row


class HourlyTest(MetricsCase):
    def test_an_order_is_one_row(self):
        self.shop.write("created", "e1", NINE)
        self.assertEqual(self.metrics(), [
            {"metric_date": "2026-11-20", "metric_hour": 10, "branch_id": 2, "total_orders": 1,
             "total_revenue": 1750000, "avg_order_value": 1750000, "pending_orders": 1,
             "processing_orders": 0, "completed_orders": 0, "cancelled_orders": 0,
             "cash_orders": 0, "online_orders": 1}])

    def test_orders_are_placed_by_their_date_in_the_business_zone_at_the_edges_too(self):
        for order_id, date in enumerate((
                "2026-11-20 10:59:59.999999", "2026-11-20 11:00:00",
                "2026-11-19T16:59:59.999999Z", "2026-11-19T17:00:00Z",
                "2026-11-20 23:59:59.9999999", "2026-11-21T00:00:00+07:00"), start=1):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id, date=date)
        self.assertEqual(self.hours(), [
            ("2026-11-19", 23, 1), ("2026-11-20", 0, 1), ("2026-11-20", 10, 1),
            ("2026-11-20", 11, 1), ("2026-11-20", 23, 1), ("2026-11-21", 0, 1)])

    def test_without_a_date_by_the_earliest_created_event_else_by_the_earliest_event(self):
        self.shop.status("a1", "2026-11-20T01:00:00Z", READY, order_id=1)
        self.shop.write("created", "a3", "2026-11-20T03:00:00Z", order_id=1, date=None)
        self.shop.write("created", "a2", "2026-11-20T02:00:00Z", order_id=1, date=None)
        self.shop.write("updated", "b2", "2026-11-20T05:00:00Z", order_id=2, date=None)
        self.shop.payment("b1", "2026-11-20T04:00:00Z", PAID, order_id=2)
        self.assertEqual(self.hours(), [("2026-11-20", 9, 1), ("2026-11-20", 11, 1)])

    def test_both_hours_of_a_night_that_has_one_twice_are_one_row(self):
        self.shop = Shop(self.database, time_zone="America/New_York")
        for order_id, date in ((1, "2026-11-01T01:30:00-04:00"), (2, "2026-11-01T01:30:00-05:00")):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id, date=date)
        self.assertEqual(self.hours(), [("2026-11-01", 1, 2)])

    def test_an_average_is_rounded_half_away_from_zero(self):
        for order_id, price in ((1, "10.00"), (2, "10.01")):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id,
                            total_price=price)
        self.assertEqual(self.measures("total_orders", "total_revenue", "avg_order_value"),
                         (2, decimal.Decimal("20.01"), decimal.Decimal("10.01")))

    def test_revenue_is_exact_and_may_be_large(self):
        for order_id in range(1, 4):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id,
                            total_price="9999999999999.99")
        self.assertEqual(self.measures("total_revenue", "avg_order_value"),
                         (decimal.Decimal("29999999999999.97"), decimal.Decimal("9999999999999.99")))

    def test_statuses_and_methods_count_by_their_maps_and_unknown_ones_nowhere(self):
        for order_id, (status, method) in enumerate((
                (NEW, "Tiền mặt"), (READY, "cash"), (SHIPPED, "COD"), (DELIVERED, "Chuyển khoản"),
                (CANCELLED, "payos"), (LOST, "online"), ("", "momo"), (NEW, "cod"), (NEW, None)),
                start=1):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id,
                            order_status=status, payment_method=method)
        self.assertEqual(self.measures("total_orders", *MEASURES[3:]), (9, 3, 2, 1, 1, 3, 4))

    def test_the_maps_are_configured(self):
        self.shop = Shop(self.database, status_map={LOST: "completed"}, payment_map={"x": "cash"})
        self.shop.write("created", "e1", NINE, order_status=LOST, payment_method="x")
        self.shop.write("created", "e2", NINE, order_id=2)
        self.assertEqual(self.measures(*MEASURES[3:]), (0, 0, 1, 0, 1, 0))

    def test_an_order_counts_in_its_current_status_whoever_wrote_it(self):
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", TEN, DELIVERED)
        self.assertEqual(self.measures(*MEASURES[3:7]), (0, 0, 1, 0))
        self.shop.write("cancelled", "e3", ELEVEN, order_status=NEW)
        self.assertEqual(self.measures(*MEASURES[3:7]), (0, 0, 0, 1))
        self.assertEqual(self.measures("total_revenue"), (1750000,))
        self.shop.write("updated", "e4", "2026-11-20T12:00:00Z", order_status=SHIPPED)
        self.assertEqual(self.measures(*MEASURES[3:7]), (0, 1, 0, 0))

    def test_an_order_that_moves_leaves_nothing_behind(self):
        self.shop.write("created", "e1", NINE, payment_method="COD")
        self.shop.write("created", "e2", NINE, order_id=7)
        self.shop.write("updated", "e3", TEN, date="2026-11-21 08:00:00", branch_id=5,
                        total_price="3.50", payment_method="momo")
        self.assertEqual(
            self.metrics("metric_date", "metric_hour", "branch_id", "total_orders",
                         "total_revenue", "cash_orders", "online_orders"),
            [("2026-11-20", 10, 2, 1, 1750000, 0, 1),
             ("2026-11-21", 8, 5, 1, decimal.Decimal("3.5"), 0, 1)])

    def test_branches_do_not_mix(self):
        for order_id, branch_id in ((1, 1), (2, 2), (3, 2)):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id,
                            branch_id=branch_id)
        self.assertEqual(self.metrics("branch_id", "total_orders"), [(1, 1), (2, 2)])

    def test_an_order_without_snapshot_does_not_count_but_its_status_waits(self):
        self.shop.status("e2", TEN, DELIVERED)
        self.assertEqual(self.metrics(), [])
        self.shop.write("created", "e1", NINE)
        self.assertEqual(self.measures("pending_orders", "completed_orders"), (0, 1))

    def test_a_snapshot_in_a_status_or_payment_event_counts(self):
        self.shop.status("e1", NINE, SHIPPED, order_id=1, order=snapshot(id=1))
        self.shop.payment("e2", NINE, PAID, order_id=2, order=snapshot(id=2))
        self.assertEqual(self.measures("total_orders", "pending_orders", "processing_orders"),
                         (2, 1, 1))

    def test_at_one_instant_rank_and_event_id_decide(self):
        self.shop.write("updated", "é", NINE, branch_id=3)
        self.shop.write("updated", "a", NINE, branch_id=2)
        self.shop.write("created", "z", NINE, branch_id=1)
        self.assertEqual(self.metrics("branch_id"), [(3,)])


class TooLateTest(MetricsCase):
    def test_only_the_metrics_leave_out_what_came_too_late(self):
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", TEN, DELIVERED)
        self.shop.too_late("e2")
        self.assertEqual(self.measures("pending_orders", "completed_orders"), (1, 0))
        self.assertEqual(self.shop.order()["order_status"], DELIVERED)
        self.assertEqual(len(self.database.audit("order_status_sessions")), 1)

    def test_now_and_later_whatever_touches_the_order_afterwards(self):
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", ELEVEN, DELIVERED)
        self.shop.too_late("e2")
        self.shop.payment("e3", "2026-11-20T12:00:00Z", PAID)
        self.assertEqual(self.measures("pending_orders", "completed_orders"), (1, 0))

    def test_an_order_all_of_whose_snapshots_came_too_late_does_not_count(self):
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", TEN, SHIPPED)
        self.shop.too_late("e1")
        for table in ("order_metrics", "order_metrics_sliding", "product_sales_hourly"):
            self.assertEqual(self.rows(table), [])
        self.assertEqual(len(self.shop.orders()), 1)

    def test_an_earlier_snapshot_that_was_in_time_counts_instead(self):
        self.shop.write("created", "e1", NINE, total_price="5", branch_id=1)
        self.shop.write("updated", "e2", TEN, total_price="7", branch_id=9)
        self.shop.too_late("e2")
        self.assertEqual(self.metrics("branch_id", "total_revenue"), [(1, 5)])
        self.assertEqual(self.shop.order()["total_price"], 7)

    def test_a_late_created_event_does_not_say_when_the_order_was_placed(self):
        self.shop.write("created", "e1", "2026-11-20T01:00:00Z", date=None)
        self.shop.write("updated", "e2", "2026-11-20T05:00:00Z", date=None)
        self.shop.status("e3", "2026-11-20T04:00:00Z", READY)
        self.assertEqual(self.hours(), [("2026-11-20", 8, 1)])
        self.shop.too_late("e1")
        self.assertEqual(self.hours(), [("2026-11-20", 11, 1)])
        self.shop.too_late("e3")
        self.assertEqual(self.hours(), [("2026-11-20", 12, 1)])


class SlidingTest(MetricsCase):
    def windows(self):
        return self.rows("order_metrics_sliding", "window_start", "total_orders")

    def test_an_order_is_in_the_twelve_windows_that_hold_it(self):
        self.shop.write("created", "e1", NINE, date="2026-11-20T10:07:00Z")
        self.assertEqual(self.windows(), [
            ("2026-11-20T%s:00+00:00" % time, 1) for time in (
                "09:10", "09:15", "09:20", "09:25", "09:30", "09:35", "09:40", "09:45", "09:50",
                "09:55", "10:00", "10:05")])
        first = self.rows("order_metrics_sliding")[0]
        self.assertEqual(first, {
            "window_start": "2026-11-20T09:10:00+00:00", "window_end": "2026-11-20T10:10:00+00:00",
            "branch_id": 2, "total_orders": 1, "total_revenue": 1750000,
            "avg_order_value": 1750000, "pending_orders": 1, "processing_orders": 0,
            "completed_orders": 0, "cancelled_orders": 0, "cash_orders": 0, "online_orders": 1})

    def test_a_window_has_its_start_and_not_its_end(self):
        for date, first, last in (
                ("2026-11-20T10:00:00Z", "09:05", "10:00"),
                ("2026-11-20T10:04:59.999999Z", "09:05", "10:00"),
                ("2026-11-20T10:05:00Z", "09:10", "10:05")):
            self.shop = Shop(self.database)
            self.shop.write("created", "e1", NINE, date=date)
            windows = self.windows()
            self.assertEqual((len(windows), windows[0][0], windows[-1][0]),
                             (12, "2026-11-20T%s:00+00:00" % first,
                              "2026-11-20T%s:00+00:00" % last))

    def test_windows_add_up_orders_of_different_slots_by_branch(self):
        for order_id, date, price, status, branch in (
                (1, "2026-11-20T10:00:00Z", "10.00", NEW, 1),
                (2, "2026-11-20T10:54:00Z", "10.01", CANCELLED, 1),
                (3, "2026-11-20T10:54:00Z", "1", DELIVERED, 2)):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id, date=date,
                            total_price=price, order_status=status, branch_id=branch,
                            payment_method="COD")
        rows = self.rows("order_metrics_sliding", "window_start", "branch_id", *MEASURES)
        # Branch 1: from 9:05 to 10:50; branch 2: from 9:55 to 10:50.
        self.assertEqual(len(rows), 22 + 12)
        self.assertIn(("2026-11-20T10:00:00+00:00", 1, 2, decimal.Decimal("20.01"),
                       decimal.Decimal("10.01"), 1, 0, 0, 1, 2, 0), rows)
        self.assertIn(("2026-11-20T10:00:00+00:00", 2, 1, 1, 1, 0, 0, 1, 0, 1, 0), rows)

    def test_windows_past_their_retention_are_not_expected(self):
        self.shop.write("created", "e1", NINE, date="2026-11-20T10:07:00Z")
        day = "2027-12-25"  # 400 days later
        for watermark, first, number in (
                (None, "09:10", 12), (day + "T10:10:00Z", "09:10", 12),
                (day + "T10:10:00.000001Z", "09:15", 11), (day + "T11:05:00Z", "10:05", 1),
                (day + "T11:05:01Z", None, 0)):
            self.shop.stands_at(watermark=watermark, timer_clock="2100-01-01T00:00:00Z")
            windows = self.windows()
            self.assertEqual(len(windows), number)
            if number:
                self.assertEqual(windows[0][0], "2026-11-20T%s:00+00:00" % first)

    def test_an_unlimited_retention_keeps_them(self):
        self.shop = Shop(self.database, **{"retention.sliding": "unlimited"})
        self.shop.stands_at(watermark="2100-01-01T00:00:00Z")
        self.shop.write("created", "e1", NINE)
        self.assertEqual(len(self.windows()), 12)

    def test_rows_past_their_retention_are_not_compared(self):
        self.shop.write("created", "e1", NINE, date="2026-11-20T10:07:00Z")
        self.database.fill_from_audit("order_metrics_sliding")
        self.shop.stands_at(watermark="2027-12-25T10:31:00Z")
        self.assertEqual(self.database.differences("order_metrics_sliding"), [])
        self.database.run("UPDATE {schema}.order_metrics_sliding SET total_revenue = 1;")
        self.assertEqual(len(self.database.differences("order_metrics_sliding")), 14)


class ProductSalesTest(MetricsCase):
    def sales(self, *columns):
        return self.rows("product_sales_hourly", *columns)

    def test_sales_of_a_product_are_one_row_an_hour(self):
        self.shop.write("created", "e1", NINE)
        self.assertEqual(self.sales(), [
            {"sale_date": "2026-11-20", "sale_hour": 10, "product_id": 37, "orders": 1,
             "quantity": 1, "revenue": 1250000},
            {"sale_date": "2026-11-20", "sale_hour": 10, "product_id": 58, "orders": 1,
             "quantity": 3, "revenue": 500000}])

    def test_two_lines_of_a_product_are_one_order_and_cancelled_ones_count(self):
        self.shop.write("created", "e1", NINE, order_id=1, order_details=[
            line(5, 2, "10.01"), line(5, 3, "20.02"), line(5, 3, "20.02")])
        self.shop.write("cancelled", "e2", NINE, order_id=2, order_details=[line(5, 1, "0")])
        self.assertEqual(self.sales("product_id", "orders", "quantity", "revenue"),
                         [(5, 2, 9, decimal.Decimal("50.05"))])

    def test_only_lines_of_the_latest_snapshot_count(self):
        self.shop.write("created", "e1", NINE, order_details=[line(5), line(6)])
        self.shop.write("updated", "e2", TEN, order_details=[line(6, 2)],
                        date="2026-11-19T16:59:59Z")
        self.assertEqual(self.sales("sale_date", "sale_hour", "product_id", "quantity"),
                         [("2026-11-19", 23, 6, 2)])
        self.shop.write("updated", "e3", ELEVEN, order_details=[])
        self.assertEqual(self.sales(), [])

    def test_snapshots_that_came_too_late_do_not_count(self):
        self.shop.write("created", "e1", NINE, order_details=[line(5)], date=None)
        self.shop.write("updated", "e2", TEN, order_details=[line(6)])
        self.shop.too_late("e2")
        self.assertEqual(self.sales("sale_hour", "product_id"), [(16, 5)])


class PlantedErrorTest(MetricsCase):
    TABLES = ("order_metrics", "order_metrics_sliding", "product_sales_hourly")

    def setUp(self):
        super().setUp()
        # Branch 7 sells product 7, branch 2 sells product 2: either is the row's id.
        for number in (7, 2):
            self.shop.write("created", "e%d" % number, NINE, order_id=number, branch_id=number,
                            order_details=[line(number)])
        for table in self.TABLES:
            self.database.fill_from_audit(table)

    def plant(self, statement):
        self.database.run(statement + ";")

    def spoil(self, table, change):
        entity = "product_id" if table == "product_sales_hourly" else "branch_id"
        self.plant("UPDATE {schema}.%s SET %s WHERE ctid = (SELECT min(ctid) FROM {schema}.%s"
                   " WHERE %s = 7)" % (table, change, table, entity))

    def test_nothing_planted_nothing_found(self):
        for table in self.TABLES:
            self.assertEqual(self.database.differences(table), [])

    def test_one_in_any_column_and_one_cent_are_found(self):
        for table in self.TABLES:
            columns = AUDITED[table][3:]
            for column in columns:
                with self.subTest("%s.%s" % (table, column)):
                    self.plant("TRUNCATE {schema}.%s" % table)
                    self.database.fill_from_audit(table)
                    # A pending order is there: the only count that cannot grow on its own is
                    # that of the statuses.
                    self.spoil(table, "%s = %s %s" % (column, column, {
                        "revenue": "+ 0.01", "total_revenue": "+ 0.01",
                        "avg_order_value": "- 0.01", "pending_orders": "- 1",
                        "processing_orders": "+ 1, pending_orders = 0",
                        "completed_orders": "+ 1, pending_orders = 0",
                        "cancelled_orders": "+ 1, pending_orders = 0"}.get(column, "+ 1")))
                    self.assertEqual(self.database.differences(table),
                                     [("extra", 7), ("missing", 7)])

    def test_a_missing_and_an_extra_row_are_found(self):
        for table in self.TABLES:
            with self.subTest(table):
                entity = "product_id" if table == "product_sales_hourly" else "branch_id"
                self.plant("DELETE FROM {schema}.%s WHERE ctid = (SELECT min(ctid) FROM"
                           " {schema}.%s WHERE %s = 7)" % (table, table, entity))
                self.assertEqual(self.database.differences(table), [("missing", 7)])
                self.plant("TRUNCATE {schema}.%s" % table)
                self.database.fill_from_audit(table)
                columns = ", ".join(AUDITED[table])
                self.plant("INSERT INTO {schema}.%s (%s) SELECT %s FROM {schema}.%s WHERE %s = 7"
                           " LIMIT 1" % (table, columns, columns.replace(entity, "8"), table,
                                         entity))
                self.assertEqual(self.database.differences(table), [("extra", 8)])

    def test_a_window_that_starts_beside_the_five_minutes_is_extra(self):
        self.spoil("order_metrics_sliding", "window_start = window_start + interval '1 second',"
                   " window_end = window_end + interval '1 second'")
        self.assertEqual(self.database.differences("order_metrics_sliding"),
                         [("extra", 7), ("missing", 7)])

    def test_without_settings_nothing_is_expected_and_nothing_fails(self):
        self.plant("DELETE FROM {schema}.pipeline_settings")
        for table in self.TABLES:
            self.assertEqual(self.database.audit(table), [])


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
