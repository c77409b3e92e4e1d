"""The migrations: they repeat, everything is explained, and the guard lets nobody else write."""

import re
import unittest

from database import Database, PIPELINE, SqlError, migration_files, literal

RUN = "'\\x%s'::bytea" % ("11" * 16)
OTHER_RUN = "'\\x%s'::bytea" % ("22" * 16)
GENESIS = "'\\x%s'::bytea" % ("00" * 16)
FIRST = "'\\x%s'::bytea" % ("01" * 16)

# Everything a migration may leave behind, as text: tables, columns, constraints, indexes, views,
# functions, comments and the rows of schema_migrations.
EVERYTHING = """
SELECT string_agg(thing, E'\\n' ORDER BY thing) AS things FROM (
  SELECT format('%s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod)) AS thing
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
   WHERE relnamespace = $name${schema}$name$::regnamespace AND attnum > 0
  UNION ALL
  SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
   WHERE connamespace = $name${schema}$name$::regnamespace
  UNION ALL
  SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indrelid
   WHERE relnamespace = $name${schema}$name$::regnamespace
  UNION ALL
  SELECT pg_get_functiondef(oid) FROM pg_proc
   WHERE pronamespace = $name${schema}$name$::regnamespace
  UNION ALL
  SELECT format('%s %s', oid::regclass, pg_get_viewdef(oid)) FROM pg_class
   WHERE relnamespace = $name${schema}$name$::regnamespace AND relkind = 'v'
  UNION ALL
  SELECT format('%s %s %s %s', classoid::regclass, objoid, objsubid, description)
    FROM pg_description
  UNION ALL
  SELECT format('%s %s %s', version, name, applied_at) FROM {schema}.schema_migrations
) t"""


class MigrationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.database.drop()
        cls.database.migrate()

    @classmethod
    def tearDownClass(cls):
        cls.database.drop()

    def setUp(self):
        self.database.clear()

    def test_migrating_twice_changes_nothing(self):
        before = self.database.rows(EVERYTHING)[0]["things"]
        self.database.migrate()
        self.assertEqual(self.database.rows(EVERYTHING)[0]["things"], before)
        self.assertIn("orders_raw", before)

    def test_versions_count_from_one_without_gaps_and_are_recorded(self):
        names = [re.search(r"([^/]+)\.sql$", path).group(1) for path in migration_files()]
        self.assertEqual([int(name[:4]) for name in names], list(range(1, len(names) + 1)))
        recorded = self.database.rows(
            "SELECT version, name FROM {schema}.schema_migrations ORDER BY version")
        self.assertEqual([(row["version"], row["name"]) for row in recorded],
                         [(int(name[:4]), name) for name in names])

    def test_every_table_view_column_and_function_has_a_comment(self):
        silent = self.database.rows("""
            SELECT relname || coalesce('.' || attname, '') AS thing
              FROM pg_class c
              LEFT JOIN LATERAL (SELECT 0 AS attnum, NULL::name AS attname UNION ALL
                                 SELECT attnum, attname FROM pg_attribute
                                  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
                ON true
             WHERE relnamespace = $name${schema}$name$::regnamespace AND relkind IN ('r', 'v')
               AND coalesce(col_description(c.oid, nullif(attnum, 0)),
                            CASE WHEN attnum = 0 THEN obj_description(c.oid, 'pg_class') END, '')
                   = ''
            UNION ALL
            SELECT proname || '()' FROM pg_proc
             WHERE pronamespace = $name${schema}$name$::regnamespace
               AND obj_description(oid, 'pg_proc') IS NULL""")
        self.assertEqual(silent, [])

    def test_event_ids_sort_by_their_bytes(self):
        collations = self.database.rows("""
            SELECT DISTINCT collname::text AS name FROM pg_attribute a
              JOIN pg_class c ON c.oid = attrelid JOIN pg_collation o ON o.oid = attcollation
             WHERE relnamespace = $name${schema}$name$::regnamespace AND relkind = 'r'
               AND attname = 'event_id'""")
        self.assertEqual([row["name"] for row in collations], ["C"])

    def test_processed_orders_leave_room_for_updates_and_json_is_indexed_by_path(self):
        options = self.database.value(
            "(SELECT reloptions FROM pg_class"
            " WHERE oid = $name${schema}.orders_processed$name$::regclass)")
        self.assertEqual(options, ["fillfactor=70"])
        index = self.database.value(
            "pg_get_indexdef($name${schema}.orders_raw_event_data_idx$name$::regclass)")
        self.assertIn("jsonb_path_ops", index)

    def test_accounts_that_do_not_add_up_are_refused(self):
        row = dict(pipeline=PIPELINE, topic="t", partition=0, minute="2026-11-20T00:00Z",
                   first_offset=0, last_offset=9, consumed=10, accepted=5, duplicate=2, ignored=1,
                   dead_lettered=2, skipped=7)
        self.database.insert("pipeline_accounts", **row)
        for column, value in (("accepted", 6), ("consumed", 9), ("skipped", -1)):
            with self.assertRaises(SqlError) as refused:
                self.database.insert("pipeline_accounts", **{**row, "partition": 1, column: value})
            self.assertEqual(refused.exception.sqlstate, "23514", column)

    def test_an_order_takes_its_lines_with_it(self):
        self.database.insert("orders_processed", order_id=1, branch_id=1, total_price=5,
                             order_status="", payment_status="", items_count=1,
                             created_at="2026-11-20T00:00Z", updated_at="2026-11-20T00:00Z")
        self.database.insert("order_items_analytics", order_id=1, product_id=1, quantity=1,
                             unit_price=5, total_price=5, branch_id=1)
        self.database.insert("order_status_history", order_id=1, event_id="e1", new_status="",
                             changed_at="2026-11-20T00:00Z", session_id=1)
        self.database.run("DELETE FROM {schema}.orders_processed;")
        for table in ("order_items_analytics", "order_status_history"):
            self.assertEqual(self.database.rows("SELECT * FROM {schema}.%s" % table), [])

    def test_history_needs_its_order_and_an_event_has_one_row(self):
        self.database.insert("orders_processed", order_id=1, branch_id=1, total_price=5,
                             order_status="", payment_status="", items_count=1,
                             created_at="2026-11-20T00:00Z", updated_at="2026-11-20T00:00Z")
        row = dict(order_id=1, event_id="e1", new_status="", changed_at="2026-11-20T00:00Z",
                   session_id=1)
        self.database.insert("order_status_history", **row)
        for changed, state in (({}, "23505"), ({"order_id": 2, "event_id": "e2"}, "23503"),
                               ({"event_id": "e3", "processing_time_seconds": -1}, "23514"),
                               ({"event_id": "e4", "anomaly": "stuck"}, "23514")):
            with self.assertRaises(SqlError) as refused:
                self.database.insert("order_status_history", **{**row, **changed})
            self.assertEqual(refused.exception.sqlstate, state, changed)

    def test_sessions_and_anomalies_that_cannot_be_are_refused(self):
        session = dict(order_id=1, session_id=1795165200500000, changes=1, first_status="",
                       started_at="2026-11-20T09:00:00.5Z", ended_at="2026-11-20T09:00:00.5Z",
                       last_status="")
        self.database.insert("order_status_sessions", **session)
        anomaly = dict(order_id=1, kind="stuck", status="", since="2026-11-20T09:00Z")
        self.database.insert("order_anomalies", **anomaly)
        for table, row in (
                ("order_status_sessions", {**session, "session_id": 1795165200500001}),
                ("order_status_sessions", {**session, "changes": 0}),
                ("order_status_sessions", {**session, "ended_at": "2026-11-20T09:00Z"}),
                ("order_anomalies", {**anomaly, "kind": "odd"}),
                ("order_anomalies", {**anomaly, "resolved_at": "2026-11-20T08:00Z"}),
                ("order_anomalies", {**anomaly, "kind": "backward",
                                     "resolved_at": "2026-11-21T08:00Z"})):
            with self.assertRaises(SqlError) as refused:
                self.database.insert(table, **{**row, "order_id": 2})
            self.assertEqual(refused.exception.sqlstate, "23514", row)


class GuardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        MigrationTest.setUpClass.__func__(cls)

    @classmethod
    def tearDownClass(cls):
        cls.database.drop()

    def setUp(self):
        self.database.clear()
        self.database.run(
            "INSERT INTO {schema}.pipeline_epochs VALUES ({pipeline}, 0, 1, 0, %s, %s, '{}');"
            % (GENESIS, RUN))

    def advance(self, run=RUN, from_id=GENESIS, lane=0, pipeline=PIPELINE):
        self.database.run(
            "SELECT {schema}.pipeline_advance(%s, %d, %s, %s, 1, %s, '{\"t\": {\"0\": 5}}',"
            " '2026-11-20T00:00Z', NULL);" % (literal(pipeline), lane, run, from_id, FIRST))

    def refusal(self, **changed):
        with self.assertRaises(SqlError) as refused:
            self.advance(**changed)
        return refused.exception.sqlstate

    def epoch(self):
        return self.database.value("(SELECT epoch FROM {schema}.pipeline_epochs)")

    def test_the_owner_moves_its_lane(self):
        self.advance()
        row = self.database.rows("SELECT * FROM {schema}.pipeline_epochs")[0]
        self.assertEqual((row["epoch"], row["epoch_id"], row["offsets"], row["watermark"],
                          row["timer_clock"]),
                         (1, "\\x" + "01" * 16, {"t": {"0": 5}}, "2026-11-20T00:00:00+00:00", None))

    def test_another_incarnation_is_fenced(self):
        self.assertEqual(self.refusal(run=OTHER_RUN), "LA001")
        self.assertEqual(self.epoch(), 0)

    def test_no_incarnation_is_fenced(self):
        self.assertEqual(self.refusal(run="NULL"), "LA001")

    def test_a_missing_row_fences(self):
        self.assertEqual(self.refusal(lane=1), "LA001")
        self.assertEqual(self.refusal(pipeline="another"), "LA001")

    def test_a_lane_that_stands_elsewhere_does_not_move(self):
        self.assertEqual(self.refusal(from_id=FIRST), "LA002")
        self.assertEqual(self.refusal(from_id="NULL"), "LA002")
        self.assertEqual(self.epoch(), 0)

    def test_an_epoch_is_applied_once(self):
        self.advance()
        self.assertEqual(self.refusal(), "LA002")

    def test_the_fenced_are_told_so_even_where_the_lane_has_moved_on(self):
        self.advance()
        self.assertEqual(self.refusal(run=OTHER_RUN), "LA001")


if __name__ == "__main__":
    unittest.main()
