"""How SQL reads a payload: the functions beneath the audit, and the views."""

import unittest

from database import literal
from audit_test import NINE, TEN, AuditCase
from orders import CANCELLED, DELIVERED, Shop

SAIGON = "Asia/Ho_Chi_Minh"


class ReadingTest(AuditCase):
    def read(self, function, cases):
        """Each case is (argument, expected text): what the function makes of it, in one query."""
        arms = ", ".join("(%d, %s)" % (nth, argument) for nth, (argument, _) in enumerate(cases))
        rows = self.database.rows(
            "SELECT nth, (%s)::text AS made FROM (VALUES %s) v (nth, value) ORDER BY nth"
            % (function, arms))
        self.assertEqual([(case[0], row["made"]) for case, row in zip(cases, rows)], cases)

    def test_amounts(self):
        self.read("{schema}.lensart_amount(value::jsonb)::numeric(15,2)", [
            (literal(text), made) for text, made in (
                ("5", "5.00"), ("5.0", "5.00"), ("5e0", "5.00"), ('"5.00"', "5.00"),
                ('"1e3"', "1000.00"), ('"-0"', "0.00"), ("-0.0", "0.00"), ("0.10", "0.10"),
                ("12.3400", "12.34"), ('"12.3400"', "12.34"), ("9999999999999.99",
                                                              "9999999999999.99"),
                ("10000000000000", None), ("1.005", None), ('"1.005"', None), ("-1", None),
                ('""', None), ('" 5"', None), ('"5 "', None), ('"+5"', None), ('".5"', None),
                ('"5."', None), ('"05"', None), ('"1,5"', None), ('"NaN"', None),
                ('"Infinity"', None), ('"1e99999999999"', None), ("true", None), ("null", None),
                ("[]", None), ("{}", None), ('"0e999"', "0.00"), ('"150E-1"', "15.00"))])

    def test_ids_and_quantities(self):
        self.read("{schema}.lensart_whole(value::jsonb)", [
            (literal(text), made) for text, made in (
                ("42", "42"), ('"42"', "42"), ("42.0", "42"), ('"4.2e1"', "42"), ("1E2", "100"),
                ('"9223372036854775807"', "9223372036854775807"),
                ("9223372036854775808", None), ("0", None), ('"-0"', None), ("-1", None),
                ("1.5", None), ('"042"', None), ('""', None), ('"x"', None), ("true", None),
                ("null", None), ('[1]', None), ('"1e400"', None),
                ('"999999999999999999"', "999999999999999999"),
                ('"9999999999999999999"', None))])

    def test_durations(self):
        self.read("{schema}.lensart_duration(value)", [(literal(text), made) for text, made in (
            ("400d", "9600:00:00"), ("24h", "24:00:00"), ("30m", "00:30:00"), ("5s", "00:00:05"),
            ("1h30m", "01:30:00"), ("10ms", "00:00:00.01"), ("100us", "00:00:00.0001"),
            ("1m1ms", "00:01:00.001"), ("1d1us", "24:00:00.000001"), ("0s", "00:00:00"),
            ("36500d", "876000:00:00"), ("unlimited", None), ("", None), ("5", None), ("h", None),
            ("-5s", None), ("1h 30m", None), ("1.5h", None), ("5S", None), (None, None))])

    def test_sliding_windows_are_kept_from_the_watermark_less_their_retention(self):
        for retention, watermark, kept in (
                ("400d", "2027-12-25T10:00:00Z", "2026-11-20 10:00:00+00"),
                ("1h30m", "2026-11-20T10:00:00Z", "2026-11-20 08:30:00+00"),
                ("400d", None, "-infinity"), ("unlimited", "2027-12-25T10:00:00Z", "-infinity")):
            self.shop = Shop(self.database, **{"retention.sliding": retention})
            self.shop.stands_at(watermark=watermark)
            self.assertEqual(
                self.database.value("{schema}.lensart_sliding_from({pipeline})::text"), kept)
        self.assertEqual(self.database.value("{schema}.lensart_sliding_from('another')::text"),
                         "-infinity")

    def test_texts_are_composed(self):
        self.read("{schema}.lensart_text(value)", [
            ("'a\u0301'", "á"), ("'á'", "á"), ("''", ""), ("'  x '", "  x "), ("NULL", None),
            ("'\u212b'", "Å"), ("'\u1100\u1161'", "가")])

    def test_instants(self):
        made = "to_char({schema}.lensart_instant(value, '%s') AT TIME ZONE 'UTC'," \
               " 'YYYY-MM-DD HH24:MI:SS.US')" % SAIGON
        self.read(made, [(literal(text), made) for text, made in (
            ("2026-11-20T10:30:00", "2026-11-20 03:30:00.000000"),
            ("2026-11-20 10:30:00", "2026-11-20 03:30:00.000000"),
            ("2026-11-20 10:30:00.5", "2026-11-20 03:30:00.500000"),
            ("2026-11-20T10:30:00Z", "2026-11-20 10:30:00.000000"),
            ("2026-11-20T10:30:00+07:00", "2026-11-20 03:30:00.000000"),
            ("2026-11-20T10:30:00+07", "2026-11-20 03:30:00.000000"),
            ("2026-11-20T10:30:00+0730", "2026-11-20 03:00:00.000000"),
            ("2026-11-20T10:30:00-03:30", "2026-11-20 14:00:00.000000"),
            ("2026-11-20T10:30:00+23:59", "2026-11-19 10:31:00.000000"),
            ("2026-11-20T10:30:00-23:59", "2026-11-21 10:29:00.000000"),
            ("2026-11-20T10:30:00+15:59", "2026-11-19 18:31:00.000000"),
            ("2026-11-20T10:30:00+00:00", "2026-11-20 10:30:00.000000"),
            ("2026-11-20T10:30:00.123456Z", "2026-11-20 10:30:00.123456"),
            ("2026-11-20T10:30:00.123456+09:00", "2026-11-20 01:30:00.123456"),
            ("2026-11-20T10:30:59.999999999Z", "2026-11-20 10:30:59.999999"),
            ("2026-11-20T10:30:59.9999999", "2026-11-20 03:30:59.999999"),
            ("2026-11-20T10:30:00.1+05:30", "2026-11-20 05:00:00.100000"),
            ("2028-02-29T00:00:00Z", "2028-02-29 00:00:00.000000"),
            ("2026-12-31T23:59:59Z", "2026-12-31 23:59:59.000000"),
            ("2026-11-30T00:00:00Z", "2026-11-30 00:00:00.000000"),
            ("1999-12-31T23:00:00-02:00", "2000-01-01 01:00:00.000000"),
            ("2101-01-01T00:30:00+01:00", "2100-12-31 23:30:00.000000"))])

    def test_what_is_no_instant(self):
        made = "{schema}.lensart_instant(value, '%s')" % SAIGON
        self.read(made, [(literal(text), None) for text in (
            "2027-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-10T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-20T24:00:00Z",
            "2026-11-20T10:60:00Z", "2026-11-20T10:30:60Z", "2026-11-20T10:30Z", "2026-11-20",
            "2026-11-20T10:30:00z", "2026-11-20t10:30:00Z", "2026-11-20  10:30:00",
            "2026-11-20T10:30:00.Z", "2026-11-20T10:30:00.1234567890Z", "2026-11-20T10:30:00+24:00",
            "2026-11-20T10:30:00+07:60", "2026-11-20T10:30:00+7", "2026-11-20T10:30:00 Z", "now",
            " 2026-11-20T10:30:00Z", "2026-11-20T10:30:00Z\n", "infinity", "",
            "20xx-11-20 10:30:00", "2026-1x-20T10:30:00Z", "2026-11-20T10:30:00+0a:00")])

    def test_local_times_around_a_change_of_the_clocks(self):
        """Twice: the later counts; never: read with the offset before."""
        made = "to_char({schema}.lensart_instant(value, 'America/New_York') AT TIME ZONE 'UTC'," \
               " 'HH24:MI')"
        self.read(made, [("'2026-11-01 01:30:00'", "06:30"), ("'2026-11-01 00:30:00'", "04:30"),
                         ("'2026-03-08 02:30:00'", "07:30"), ("'2026-03-08 03:30:00'", "07:30"),
                         ("'2026-03-08 02:30:00.25'", "07:30")])


class ViewTest(AuditCase):
    def setUp(self):
        super().setUp()
        self.shop.write("created", "e1", NINE, order_id=1, branch_id=1, total_price="10.00")
        self.shop.write("created", "e2", NINE, order_id=2, branch_id=1, total_price="0.01",
                        date=None)
        self.shop.status("e3", TEN, DELIVERED, order_id=1)
        self.shop.write("cancelled", "e4", TEN, order_id=3, branch_id=5, total_price="5.00",
                        date="2026-11-21 00:00:00", order_details=[])
        for table in ("orders_processed", "order_items_analytics"):
            self.database.fill_from_audit(table)

    def branches(self):
        return self.database.rows(
            "SELECT branch_id, total_orders, total_revenue::text, avg_order_value::text,"
            " completed_orders, cancelled_orders FROM {schema}.v_branch_performance"
            " ORDER BY branch_id")

    def test_branches(self):
        self.assertEqual([tuple(row.values()) for row in self.branches()],
                         [(1, 2, "10.01", "5.01", 1, 0), (5, 1, "5.00", "5.00", 0, 1)])

    def test_branches_follow_the_configured_map(self):
        self.database.run("UPDATE {schema}.pipeline_settings SET settings ="
                          " '{\"status_map\": {\"%s\": \"completed\"}}';" % CANCELLED)
        self.assertEqual([(row["completed_orders"], row["cancelled_orders"])
                          for row in self.branches()], [(0, 0), (1, 0)])

    def test_products(self):
        rows = self.database.rows(
            "SELECT product_id, order_count, total_quantity_sold, total_revenue::text,"
            " avg_price::text FROM {schema}.v_product_popularity ORDER BY product_id")
        self.assertEqual([tuple(row.values()) for row in rows],
                         [(37, 2, 2, "2500000.00", "1250000.00"),
                          (58, 2, 6, "1000000.00", "166666.67")])

    def test_recent_orders_come_by_date_those_without_last(self):
        rows = self.database.rows("SELECT order_id FROM {schema}.v_recent_orders")
        self.assertEqual([row["order_id"] for row in rows], [3, 1, 2])


if __name__ == "__main__":
    unittest.main()
