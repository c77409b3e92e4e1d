"""A schema of its own in the test database, and the verbs the SQL tests speak in.

The database is the one that LENSART_POSTGRES_DSN names (scripts/stack.sh run -- COMMAND sets it).
"""

import decimal
import glob
import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PIPELINE = "lens'art"
# A name that breaks whatever forgets to quote it.
SCHEMA = 'SQL "test" Đơn hàng %d' % os.getpid()


class SqlError(Exception):
    """What PostgreSQL refused, with its SQLSTATE."""

    def __init__(self, text):
        super().__init__(text)
        self.sqlstate = text.split("ERROR:", 1)[-1].strip()[:5]


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def literal(value):
    """A value as an SQL literal; None is NULL, a dict or list JSON."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    return "'" + value.replace("'", "''") + "'"


def migration_files():
    return sorted(glob.glob(os.path.join(ROOT, "sql", "migrations", "*.sql")))


class Database:
    def __init__(self):
        dsn = os.environ.get("LENSART_POSTGRES_DSN")
        if not dsn:
            raise SystemExit("LENSART_POSTGRES_DSN is not set; run this under: "
                             "scripts/stack.sh run -- …")
        self.dsn = dsn
        self.pending = []

    def fill(self, sql):
        return sql.replace("{schema}", identifier(SCHEMA)).replace("{pipeline}", literal(PIPELINE))

    def run(self, sql):
        """Runs statements in one transaction; returns what they print, unaligned."""
        settings = "\\set VERBOSITY verbose\nSET client_min_messages = warning;\n"
        sql = "".join(self.pending) + sql
        self.pending = []
        done = subprocess.run(
            ["psql", "-XqAt1", "-v", "ON_ERROR_STOP=1", self.dsn], text=True,
            input=settings + "SET TimeZone = 'UTC';\n" + self.fill(sql), capture_output=True)
        if done.returncode != 0:
            raise SqlError(done.stderr)
        return done.stdout.strip()

    def rows(self, query):
        """The rows of one query as dicts; numerics exact."""
        text = self.run("SELECT coalesce(json_agg(q), '[]') FROM (\n%s\n) q;" % query)
        return json.loads(text, parse_float=decimal.Decimal)

    def value(self, expression):
        return self.rows("SELECT %s AS value" % expression)[0]["value"]

    def migrate(self):
        for path in migration_files():
            with open(path, encoding="utf-8") as file:
                self.run(file.read())

    def drop(self):
        self.run("DROP SCHEMA IF EXISTS {schema} CASCADE;")

    def insert(self, table, **columns):
        self.insert_later(table, **columns)
        self.run("")

    def insert_later(self, table, **columns):
        """An insert in the same transaction as whatever runs next: a process less."""
        self.pending.append("INSERT INTO {schema}.%s (%s) VALUES (%s);\n" % (
            table, ", ".join(map(identifier, columns)), ", ".join(map(literal, columns.values()))))

    def clear(self):
        self.run("TRUNCATE {schema}.orders_raw, {schema}.orders_processed, {schema}.dead_letters, "
                 "{schema}.order_items_analytics, {schema}.order_status_history, "
                 "{schema}.order_status_sessions, {schema}.order_anomalies, "
                 "{schema}.order_metrics, {schema}.order_metrics_sliding, "
                 "{schema}.product_sales_hourly, {schema}.pipeline_accounts, {schema}.pipeline_replays, "
                 "{schema}.pipeline_settings, {schema}.pipeline_epochs;")

    # ---- the audit ------------------------------------------------------------------------------

    def audit_query(self, name):
        with open(os.path.join(ROOT, "sql", "audit", name + ".sql"), encoding="utf-8") as file:
            return file.read()

    def audit(self, name):
        """The rows of an audit query, run as the audit runs it."""
        text = self.run(self.audit_query("session") + "SELECT coalesce(json_agg(q), '[]') FROM (\n"
                        + self.audit_query(name) + "\n) q;")
        return json.loads(text, parse_float=decimal.Decimal)

    def fill_from_audit(self, table):
        """Makes a derived table what the audit expects of it."""
        columns = ", ".join(AUDITED[table])
        self.run("INSERT INTO {schema}.%s (%s) SELECT %s FROM (%s) expected;"
                 % (table, columns, columns, self.audit_query(table)))

    def differences(self, table):
        """A derived table against its audit query, as a bag: [(problem, id), …], where the id is
        the order's, or what stands for it in the table's key."""
        columns = ", ".join(AUDITED[table])
        entity = next(name for name in ("order_id", "branch_id", "product_id")
                      if name in AUDITED[table])
        found = self.rows(
            "SELECT CASE WHEN sum(n) > 0 THEN 'missing' ELSE 'extra' END AS problem, %s AS id "
            "FROM (SELECT %s, 1 AS n FROM (%s) expected UNION ALL "
            "SELECT %s, -1 FROM {schema}.%s WHERE %s) both_sides GROUP BY %s HAVING sum(n) <> 0 "
            "ORDER BY 1, 2" % (entity, columns, self.audit_query(table), columns, table,
                               COVERED.get(table, "true"), columns))
        return [(row["problem"], row["id"]) for row in found]


# The columns that the audit covers, the key first.
MEASURES = ("total_orders", "total_revenue", "avg_order_value", "pending_orders",
            "processing_orders", "completed_orders", "cancelled_orders", "cash_orders",
            "online_orders")
AUDITED = {
    "orders_processed": (
        "order_id", "user_id", "user_name", "user_email", "branch_id", "branch_name",
        "branch_address", "order_date", "address", "note", "coupon_id", "total_price",
        "order_status", "payment_status", "payment_method", "items_count", "created_at",
        "updated_at"),
    "order_items_analytics": (
        "order_id", "product_id", "product_name", "color", "quantity", "unit_price",
        "total_price", "order_date", "branch_id"),
    "order_status_history": (
        "order_id", "event_id", "old_status", "new_status", "changed_at",
        "processing_time_seconds", "anomaly", "session_id"),
    "order_status_sessions": (
        "order_id", "session_id", "started_at", "ended_at", "changes", "first_status",
        "last_status"),
    "order_anomalies": ("order_id", "kind", "status", "since", "resolved_at"),
    "order_metrics": ("metric_date", "metric_hour", "branch_id", *MEASURES),
    "order_metrics_sliding": ("window_start", "window_end", "branch_id", *MEASURES),
    "product_sales_hourly": (
        "sale_date", "sale_hour", "product_id", "orders", "quantity", "revenue"),
}
# Of these tables only some rows are compared.
COVERED = {
    "order_metrics_sliding": "window_end >= (SELECT {schema}.lensart_sliding_from({pipeline}))"}
