"""Hand-made events of orders: payloads as the shop writes them, and rows of orders_raw."""

import copy
import json

from database import PIPELINE, literal

LENS, FRAME = "Tròng kính", "Gọng kính"
NEW, READY, SHIPPED, DELIVERED, CANCELLED = (
    "Đang xử lý", "Đã xử lý và sẵn sàng giao hàng", "Đang giao hàng", "Đã giao", "Đã hủy")
UNPAID, PAID = "Chưa thanh toán", "Đã thanh toán"

SNAPSHOT = {
    "id": 1042, "user_id": 12, "branch_id": 2, "date": "2026-11-20 10:30:00",
    "address": "12/5 Nguyễn Đình Chiểu, Quận 1", "note": None, "coupon_id": None,
    "total_price": "1750000.00", "order_status": NEW, "payment_status": UNPAID,
    "payment_method": "Chuyển khoản", "status": "active",
    "user": {"id": 12, "name": "Nguyễn Thị Ánh", "email": "anh.nguyen@example.com"},
    "branch": {"id": 2, "name": "LensArt Quận 3", "address": "25 Võ Văn Tần"},
    "order_details": [
        {"id": 901, "product_id": 37, "product_name": FRAME, "color": "Đen nhám", "quantity": 1,
         "total_price": "1250000.00"},
        {"id": 902, "product_id": 58, "product_name": LENS, "color": None, "quantity": 3,
         "total_price": "500000.00"}],
    "metadata": []}

# The order that SNAPSHOT alone makes, as orders_processed must hold it.
ORDER = {
    "order_id": 1042, "user_id": 12, "user_name": "Nguyễn Thị Ánh",
    "user_email": "anh.nguyen@example.com", "branch_id": 2, "branch_name": "LensArt Quận 3",
    "branch_address": "25 Võ Văn Tần", "order_date": "2026-11-20T03:30:00+00:00",
    "address": "12/5 Nguyễn Đình Chiểu, Quận 1", "note": None, "coupon_id": None,
    "total_price": 1750000, "order_status": NEW, "payment_status": UNPAID,
    "payment_method": "Chuyển khoản", "items_count": 4}


# What the pipeline writes into pipeline_settings unless it is configured otherwise.
SETTINGS = {
    "time_zone": "Asia/Ho_Chi_Minh",
    "status_map": {NEW: "pending", READY: "processing", SHIPPED: "processing",
                   DELIVERED: "completed", CANCELLED: "cancelled"},
    "payment_map": {"Tiền mặt": "cash", "cash": "cash", "COD": "cash", "Chuyển khoản": "online",
                    "payos": "online", "online": "online", "momo": "online"},
    "status_ranks": [NEW, READY, SHIPPED, DELIVERED],
    "terminal_statuses": [DELIVERED, CANCELLED],
    "stuck_after": "24h", "session_gap": "30m", "allowed_lateness": "1h",
    "max_out_of_orderness": "5m", "retention.sliding": "400d",
    "jobs": ["metrics", "orders", "product_sales_hourly", "status"]}


def snapshot(**changed):
    return {**copy.deepcopy(SNAPSHOT), **changed}


class Shop:
    """Writes accepted events into orders_raw, with coordinates, and books them."""

    def __init__(self, database, **settings):
        self.database = database
        self.offset = 0
        database.clear()
        database.insert_later("pipeline_settings", pipeline=PIPELINE, fingerprint="f",
                              settings={**SETTINGS, **settings})

    def accept(self, payload, **columns):
        """One row of orders_raw; the columns are what the event is expected to write."""
        row = {"event_id": payload.get("event_id"), "event_type": payload["event_type"],
               "event_data": payload, "event_timestamp": payload["timestamp"],
               "kafka_topic": "order-events", "kafka_partition": 0, "kafka_offset": self.offset}
        self.database.insert_later("orders_raw", **{**row, **columns})
        self.offset += 1

    def too_late(self, *event_ids):
        """These events came after the watermark less the allowed lateness."""
        self.database.run("UPDATE {schema}.orders_raw SET too_late = true WHERE event_id IN (%s);"
                          % ", ".join(map(literal, event_ids)))

    def stands_at(self, watermark=None, timer_clock=None):
        """The last epoch, in two lanes."""
        self.database.run("DELETE FROM {schema}.pipeline_epochs;")
        for lane in (0, 1):
            self.database.insert_later(
                "pipeline_epochs", pipeline=PIPELINE, lane=lane, lanes=2, epoch=7,
                epoch_id="\\x" + "01" * 16, incarnation="\\x" + "02" * 16, offsets={},
                watermark=watermark, timer_clock=timer_clock)

    def _snapshot_columns(self, order):
        return {"user_id": order["user_id"], "branch_id": order["branch_id"],
                "total_price": order["total_price"], "payment_method": order["payment_method"],
                "order_status": order["order_status"], "payment_status": order["payment_status"]}

    def write(self, kind, event_id, timestamp, order_id=1042, **changed):
        """created, updated or cancelled, with a snapshot in which some fields are changed."""
        order = snapshot(**{"id": order_id, **changed})
        columns = self._snapshot_columns(order)
        if kind == "cancelled":
            columns["order_status"] = CANCELLED
        self.accept({"event_type": "order." + kind, "event_id": event_id, "timestamp": timestamp,
                     "data": order}, order_id=order_id, **columns)

    def status(self, event_id, timestamp, new, order_id=1042, order=None, old=NEW):
        columns = self._snapshot_columns(order) if order else {}
        self.accept({"event_type": "order.status_changed", "event_id": event_id,
                     "timestamp": timestamp,
                     "data": {"order_id": order_id, "old_status": old, "new_status": new,
                              "order": order if order else []}},
                    **{**columns, "order_id": order_id, "order_status": new})

    def payment(self, event_id, timestamp, new, order_id=1042, order=None):
        columns = self._snapshot_columns(order) if order else {}
        self.accept({"event_type": "order.payment_status_changed", "event_id": event_id,
                     "timestamp": timestamp,
                     "data": {"order_id": order_id, "new_payment_status": new, "order": order}},
                    **{**columns, "order_id": order_id, "payment_status": new})

    def book(self, first=0, last=None, accepted=None, minute="2026-11-20T10:00Z", dead_lettered=0,
             **columns):
        last = self.offset - 1 if last is None else last
        accepted = last - first + 1 - dead_lettered if accepted is None else accepted
        self.database.insert("pipeline_accounts", **{
            "pipeline": PIPELINE, "topic": "order-events", "partition": 0, "minute": minute,
            "first_offset": first, "last_offset": last, "accepted": accepted,
            "dead_lettered": dead_lettered, "consumed": accepted + dead_lettered, **columns})

    def orders(self):
        rows = self.database.audit("orders_processed")
        return sorted(rows, key=lambda row: row["order_id"])

    def order(self):
        (row,) = self.orders()
        return row

    def lines(self):
        rows = self.database.audit("order_items_analytics")
        return sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True))

    def complaints(self, name):
        rows = self.database.audit(name)
        return [(row["problem"], row["key"]) for row in rows]
