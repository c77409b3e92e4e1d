-- orders_raw: each accepted event. Nothing is too late here.
CREATE VIEW orders_raw_rows AS
SELECT event_id, event_type, order_id, user_id, branch_id, total_price, order_status,
       payment_status, payment_method, payload AS event_data,
       {{instant_of micros}} AS event_timestamp,
       kafka_topic, kafka_partition, kafka_offset, FALSE AS too_late
  FROM events;
