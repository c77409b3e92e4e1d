"""The audit: what it expects of hand-made events, and that it finds every planted error."""

import decimal
import unittest

from database import Database
from orders import (CANCELLED, DELIVERED, LENS, NEW, ORDER, PAID, SHIPPED, SNAPSHOT, UNPAID,
                    Shop, snapshot)

NINE, TEN, ELEVEN = ("2026-11-20T%02d:00:00+00:00" % hour for hour in (9, 10, 11))


class AuditCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.database.drop()
        cls.database.migrate()

    @classmethod
    def tearDownClass(cls):
        cls.database.drop()

    def setUp(self):
        self.shop = Shop(self.database)

    def assert_consistent(self):
        self.assertEqual(self.database.audit("orders_raw"), [])

    def assert_order(self, **expected):
        self.assert_consistent()
        order = self.shop.order()
        self.assertEqual({name: order[name] for name in expected}, expected)


class FoldTest(AuditCase):
    def test_one_created_event_makes_the_order(self):
        self.shop.write("created", "e1", NINE)
        self.assert_consistent()
        self.assertEqual(self.shop.order(), {**ORDER, "created_at": NINE, "updated_at": NINE})

    def test_an_order_without_snapshot_has_no_row(self):
        self.shop.status("e1", NINE, SHIPPED)
        self.shop.payment("e2", TEN, PAID)
        self.assert_consistent()
        self.assertEqual(self.shop.orders(), [])
        self.assertEqual(self.shop.lines(), [])

    def test_the_latest_snapshot_is_written_whole_nulls_too(self):
        self.shop.write("updated", "e2", TEN, note=None, coupon_id=None, user=None)
        self.shop.write("created", "e1", NINE, note="Gọi trước", coupon_id="7")
        self.assert_order(note=None, coupon_id=None, user_name=None, created_at=NINE,
                          updated_at=TEN)

    def test_status_and_payment_have_writers_of_their_own(self):
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", TEN, SHIPPED)
        self.shop.payment("e3", ELEVEN, PAID)
        self.assert_order(order_status=SHIPPED, payment_status=PAID, total_price=1750000,
                          created_at=NINE, updated_at=ELEVEN)

    def test_a_cancellation_overrides_its_own_stale_status_and_can_be_taken_back(self):
        self.shop.write("created", "e1", NINE)
        self.shop.write("cancelled", "e2", TEN, order_status=NEW)
        self.assert_order(order_status=CANCELLED)
        self.shop.write("updated", "e3", ELEVEN, order_status=SHIPPED)
        self.assert_order(order_status=SHIPPED)

    def test_a_status_change_with_snapshot_writes_its_own_status_and_the_snapshots_payment(self):
        self.shop.status("e1", NINE, SHIPPED, order=snapshot(order_status=NEW, payment_status=PAID))
        self.assert_order(order_status=SHIPPED, payment_status=PAID, created_at=NINE)

    def test_a_payment_change_with_snapshot_writes_the_snapshots_status_and_its_own_payment(self):
        self.shop.write("created", "e1", NINE)
        self.shop.payment("e2", TEN, PAID,
                          order=snapshot(order_status=DELIVERED, payment_status=UNPAID))
        self.assert_order(order_status=DELIVERED, payment_status=PAID)

    def test_a_payment_change_without_snapshot_leaves_the_status_alone(self):
        self.shop.write("created", "e1", NINE, order_status=SHIPPED)
        self.shop.payment("e2", TEN, PAID)
        self.assert_order(order_status=SHIPPED, payment_status=PAID, updated_at=TEN)

    def test_at_one_instant_the_rank_of_the_type_decides(self):
        self.shop.write("cancelled", "a", NINE, total_price=5)
        self.shop.status("b", NINE, SHIPPED, order=snapshot(total_price=4))
        self.shop.payment("c", NINE, PAID, order=snapshot(total_price=3))
        self.shop.write("updated", "d", NINE, total_price=2)
        self.shop.write("created", "e", NINE, total_price=1)
        self.assert_order(total_price=5, order_status=CANCELLED, payment_status=UNPAID)

    def test_at_one_instant_and_rank_the_bytes_of_the_event_id_decide(self):
        # By bytes Z < a < é; a dictionary would put them otherwise.
        self.shop.write("updated", "é", NINE, total_price=3)
        self.shop.write("updated", "Z", NINE, total_price=1)
        self.shop.write("updated", "a", NINE, total_price=2)
        self.assert_order(total_price=3)
        self.database.run("DELETE FROM {schema}.orders_raw WHERE event_id = 'é';")
        self.assert_order(total_price=2)

    def test_created_at_is_the_earliest_created_event_though_others_are_earlier(self):
        self.shop.status("e1", NINE, SHIPPED)
        self.shop.write("created", "e2", ELEVEN)
        self.shop.write("created", "e3", TEN)
        self.assert_order(created_at=TEN, updated_at=ELEVEN)

    def test_orders_do_not_mix(self):
        self.shop.write("created", "e1", NINE, order_id=1, total_price=1)
        self.shop.write("created", "e2", NINE, order_id=2, total_price=2)
        self.shop.status("e3", TEN, SHIPPED, order_id=2)
        self.assertEqual([(row["order_id"], row["total_price"], row["order_status"])
                          for row in self.shop.orders()], [(1, 1, NEW), (2, 2, SHIPPED)])

    def test_lines_of_the_latest_snapshot_are_a_bag(self):
        line = {"product_id": 58, "product_name": LENS, "color": "Đen", "quantity": 3,
                "total_price": "500000"}
        self.shop.write("created", "e1", NINE)
        self.shop.write("updated", "e2", TEN, order_details=[
            line, line, {"product_id": "37", "quantity": "2", "total_price": 0, "price": "9.50"}])
        self.assert_order(items_count=8)
        expected = {"order_id": 1042, "product_id": 58, "product_name": LENS, "color": "Đen",
                    "quantity": 3, "unit_price": decimal.Decimal("166666.67"),
                    "total_price": 500000, "order_date": "2026-11-20", "branch_id": 2}
        free = {**expected, "product_id": 37, "product_name": None, "color": None, "quantity": 2,
                "unit_price": decimal.Decimal("9.50"), "total_price": 0}
        self.assertCountEqual(self.shop.lines(), [expected, expected, free])

    def test_a_unit_price_is_rounded_half_away_from_zero(self):
        self.shop.write("created", "e1", NINE, order_details=[
            {"product_id": 1, "quantity": 8, "total_price": "0.04"}])
        self.assertEqual(self.shop.lines()[0]["unit_price"], decimal.Decimal("0.01"))

    def test_no_lines_are_zero_items(self):
        for order_id, details in ((1, None), (2, [])):
            self.shop.write("created", "e%d" % order_id, NINE, order_id=order_id,
                            order_details=details)
        self.assertEqual([row["items_count"] for row in self.shop.orders()], [0, 0])
        self.assertEqual(self.shop.lines(), [])

    def test_dates_without_offset_are_in_the_configured_zone(self):
        self.shop = Shop(self.database, time_zone="America/New_York")
        self.shop.write("created", "e1", NINE, date="2026-11-01 23:30:00.1234567")
        self.assert_order(order_date="2026-11-02T04:30:00.123456+00:00")
        self.assertEqual(self.shop.lines()[0]["order_date"], "2026-11-01")


class PayloadTest(AuditCase):
    def test_the_flat_form_stands_for_data(self):
        flat = {key: value for key, value in SNAPSHOT.items() if key != "id"}
        derived = "hash_" + "0123456789abcdef" * 4
        self.shop.accept({"event_type": "order.created", "order_id": "1042",
                          "timestamp": "2026-11-20T09:00:00.000000Z", "data": None, **flat},
                         event_id=derived, order_id=1042, user_id=12, branch_id=2,
                         total_price=1750000, order_status=NEW, payment_status=UNPAID,
                         payment_method="Chuyển khoản")
        self.assert_consistent()
        self.assertEqual(self.shop.order(), {**ORDER, "created_at": NINE, "updated_at": NINE})

    def test_a_derived_id_has_its_form(self):
        for given in ({}, {"event_id": ""}, {"event_id": None}):
            self.shop = Shop(self.database)
            self.shop.accept({"event_type": "order.status_changed", "timestamp": NINE,
                              "order_id": 1, "new_status": "", **given},
                             event_id="made up", order_id=1, order_status="")
            self.assertEqual(self.shop.complaints("orders_raw"), [("differs", "made up")])

    def test_numeric_strings_are_numbers(self):
        self.shop.write("created", "e1", NINE)
        self.database.run("""
            UPDATE {schema}.orders_raw SET total_price = 1000, user_id = 120, event_data =
              event_data || jsonb_build_object('data', event_data -> 'data' || '{
                "total_price": "1e3", "id": "1042.0", "user_id": 1.2e2, "coupon_id": "7.00",
                "order_details": [{"product_id": "37", "quantity": "1E1", "total_price": "-0",
                                   "price": "0.50000"}]}');""")
        self.assert_order(total_price=1000, user_id=120, coupon_id=7, items_count=10)
        line = self.shop.lines()[0]
        self.assertEqual((line["product_id"], line["quantity"], line["total_price"],
                          line["unit_price"]), (37, 10, 0, decimal.Decimal("0.50")))

    def test_empty_arrays_stand_for_empty_objects(self):
        self.shop.write("created", "e1", NINE, user=[], branch=[], order_details=[], user_id=None)
        self.assert_order(user_id=None, user_name=None, user_email=None, branch_name=None,
                          branch_address=None, items_count=0)

    def test_no_order_in_four_spellings(self):
        for nth, order in enumerate(({}, {"order": None}, {"order": []}, {"order": {}})):
            self.shop.accept({"event_type": "order.status_changed", "event_id": "e%d" % nth,
                              "timestamp": NINE,
                              "data": {"order_id": 1, "new_status": NEW, **order}},
                             order_id=1, order_status=NEW)
        self.assert_consistent()
        self.assertEqual(self.shop.orders(), [])

    def test_texts_are_expected_in_nfc(self):
        decomposed, composed = "Tha\u0301i Quo\u0302\u0301c", "Thái Quốc"
        self.assertNotEqual(decomposed, composed)
        self.shop.write("created", "e1", NINE, note=decomposed, order_details=[
            {"product_id": 1, "product_name": decomposed, "quantity": 1, "total_price": 1}])
        self.database.run("UPDATE {schema}.orders_raw SET payment_method = '%s', event_data ="
                          " jsonb_set(event_data, '{data,payment_method}', '\"%s\"');"
                          % (composed, decomposed))
        self.assert_order(note=composed, payment_method=composed)
        self.assertEqual(self.shop.lines()[0]["product_name"], composed)


class PlantedErrorTest(AuditCase):
    def setUp(self):
        super().setUp()
        self.shop.write("created", "e1", NINE)
        self.shop.status("e2", TEN, SHIPPED)
        self.shop.write("created", "e3", NINE, order_id=7)
        for table in ("orders_processed", "order_items_analytics"):
            self.database.fill_from_audit(table)

    def plant(self, statement):
        self.database.run(statement + ";")

    def test_nothing_planted_nothing_found(self):
        for table in ("orders_processed", "order_items_analytics"):
            self.assertEqual(self.database.differences(table), [])
        self.assert_consistent()

    def test_a_cent_in_any_table_is_found(self):
        wrong = [("extra", 7), ("missing", 7)]
        self.plant("UPDATE {schema}.orders_processed SET total_price = total_price + 0.01"
                   " WHERE order_id = 7")
        self.assertEqual(self.database.differences("orders_processed"), wrong)
        self.plant("UPDATE {schema}.order_items_analytics SET unit_price = unit_price - 0.01"
                   " WHERE order_id = 7 AND product_id = 58")
        self.assertEqual(self.database.differences("order_items_analytics"), wrong)
        self.plant("UPDATE {schema}.orders_raw SET total_price = total_price + 0.01"
                   " WHERE event_id = 'e3'")
        self.assertEqual(self.shop.complaints("orders_raw"), [("differs", "e3")])

    def test_a_missing_and_an_extra_row_are_found(self):
        self.plant("DELETE FROM {schema}.orders_processed WHERE order_id = 7")
        self.assertEqual(self.database.differences("orders_processed"), [("missing", 7)])
        # The lines went with it.
        self.assertEqual(self.database.differences("order_items_analytics"), [("missing", 7)] * 2)
        self.plant("INSERT INTO {schema}.order_items_analytics (order_id, product_id, quantity,"
                   " unit_price, total_price, branch_id) VALUES (1042, 58, 3, 1, 1, 2)")
        self.assertIn(("extra", 1042), self.database.differences("order_items_analytics"))

    def test_a_line_too_many_of_two_equal_ones_is_found(self):
        self.plant("INSERT INTO {schema}.order_items_analytics (order_id, product_id, product_name,"
                   " color, quantity, unit_price, total_price, order_date, branch_id) SELECT"
                   " order_id, product_id, product_name, color, quantity, unit_price, total_price,"
                   " order_date, branch_id FROM {schema}.order_items_analytics"
                   " WHERE order_id = 7 AND product_id = 37")
        self.assertEqual(self.database.differences("order_items_analytics"), [("extra", 7)])

    def test_every_column_of_the_log_is_held_against_its_payload(self):
        for column, value in (
                ("event_id", "'e9'"), ("event_type", "'order.updated'"), ("order_id", "8"),
                ("user_id", "NULL"), ("branch_id", "3"), ("total_price", "NULL"),
                ("order_status", "''"), ("payment_status", "NULL"), ("payment_method", "'cod'"),
                ("event_timestamp", "event_timestamp + interval '1 microsecond'")):
            with self.subTest(column):
                self.setUp()
                self.plant("UPDATE {schema}.orders_raw SET %s = %s WHERE event_id = 'e3'"
                           % (column, value))
                (found,) = self.database.audit("orders_raw")
                self.assertEqual(found["problem"], "differs")
                self.assertTrue(found["detail"].startswith(column + " is "), found)

    def test_payloads_that_break_the_rules_are_differences_not_failures(self):
        for path, value in (("{timestamp}", '"2026-02-30T00:00:00Z"'), ("{timestamp}", "5"),
                            ("{data}", '"text"'), ("{data}", "[]"), ("{data,id}", '"x"'),
                            ("{data,id}", "1e30"), ("{data,total_price}", "1.005"),
                            ("{data,total_price}", '"1e99999"'), ("{event_type}", '"other"')):
            with self.subTest(path + value):
                self.setUp()
                self.plant("UPDATE {schema}.orders_raw SET event_data = jsonb_set(event_data, '%s',"
                           " '%s') WHERE event_id = 'e3'" % (path, value))
                self.assertEqual({key for _, key in self.shop.complaints("orders_raw")}, {"e3"})
                self.shop.orders()
                self.shop.lines()

    def test_missing_settings_are_named(self):
        self.plant("DELETE FROM {schema}.pipeline_settings")
        self.assertIn(("missing", "pipeline_settings"), self.shop.complaints("orders_raw"))


if __name__ == "__main__":
    unittest.main()
