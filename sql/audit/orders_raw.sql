-- orders_raw against itself: each column holds what the row's own event_data says. Rows come out as
-- (problem, key, detail); the key is the event's id. The bytes of a payload are not kept, so of an
-- id derived from them only the form can be checked.
WITH payloads AS (
  SELECT event_id, event_type, order_id, user_id, branch_id, total_price, order_status,
         payment_status, payment_method, event_timestamp,
         event_data ->> 'event_type' AS payload_type,
         event_data ->> 'event_id' AS payload_id,
         event_data ->> 'timestamp' AS payload_timestamp,
         {schema}.lensart_data(event_data) AS data,
         c.settings ->> 'time_zone' AS zone
    FROM {schema}.orders_raw
    -- Only to look like an equality of both sides: that makes it a hash join, which can run in
    -- parallel. An inner row looked up by a constant cannot (PostgreSQL 15).
    LEFT JOIN {schema}.pipeline_settings c ON c.pipeline = left(event_id, 0) || {pipeline}
  OFFSET bigint '0'  -- keeps the planner from cutting data out again for each of its fields
), snapshots AS (
  SELECT *, {schema}.lensart_snapshot(payload_type, data) AS snapshot FROM payloads
  OFFSET bigint '0'
), said AS (
  SELECT *,
         CASE WHEN payload_id <> '' THEN {schema}.lensart_text(payload_id)
              WHEN event_id ~ '^hash_[0-9a-f]{64}$' THEN event_id
         END AS said_event_id,
         CASE WHEN {schema}.lensart_rank(payload_type) IS NOT NULL THEN payload_type
         END AS said_event_type,
         {schema}.lensart_whole(coalesce(nullif(data -> 'order_id', 'null'::jsonb), data -> 'id'))
           AS said_order_id,
         {schema}.lensart_whole(snapshot -> 'user_id') AS said_user_id,
         {schema}.lensart_whole(snapshot -> 'branch_id') AS said_branch_id,
         {schema}.lensart_amount(snapshot -> 'total_price')::numeric(15,2) AS said_total_price,
         CASE payload_type
           WHEN 'order.cancelled' THEN 'Đã hủy'
           WHEN 'order.status_changed' THEN {schema}.lensart_text(data ->> 'new_status')
           ELSE {schema}.lensart_text(snapshot ->> 'order_status')
         END AS said_order_status,
         CASE payload_type
           WHEN 'order.payment_status_changed'
           THEN {schema}.lensart_text(data ->> 'new_payment_status')
           ELSE {schema}.lensart_text(snapshot ->> 'payment_status')
         END AS said_payment_status,
         {schema}.lensart_text(snapshot ->> 'payment_method') AS said_payment_method,
         {schema}.lensart_instant(payload_timestamp, zone) AS said_event_timestamp
    FROM snapshots
  OFFSET bigint '0'
)
SELECT 'differs' AS problem,
       s.event_id::text AS key,
       format('%s is %s, but event_data says %s', field.name,
              coalesce(quote_literal(field.actual), 'NULL'),
              coalesce(quote_literal(field.expected), 'NULL')) AS detail
  FROM said s
 CROSS JOIN LATERAL (VALUES
         ('event_id', s.said_event_id, s.event_id::text),
         ('event_type', s.said_event_type, s.event_type::text),
         ('order_id', s.said_order_id::text, s.order_id::text),
         ('user_id', s.said_user_id::text, s.user_id::text),
         ('branch_id', s.said_branch_id::text, s.branch_id::text),
         ('total_price', s.said_total_price::text, s.total_price::text),
         ('order_status', s.said_order_status, s.order_status::text),
         ('payment_status', s.said_payment_status, s.payment_status::text),
         ('payment_method', s.said_payment_method, s.payment_method::text),
         ('event_timestamp', s.said_event_timestamp::text, s.event_timestamp::text)
       ) AS field (name, expected, actual)
 WHERE (s.said_event_id, s.said_event_type, s.said_order_id, s.said_user_id, s.said_branch_id,
        s.said_total_price, s.said_order_status, s.said_payment_status, s.said_payment_method,
        s.said_event_timestamp)
       IS DISTINCT FROM
       (s.event_id, s.event_type, s.order_id, s.user_id, s.branch_id, s.total_price,
        s.order_status, s.payment_status, s.payment_method, s.event_timestamp)
   AND field.expected IS DISTINCT FROM field.actual
UNION ALL
SELECT 'missing', 'pipeline_settings',
       'no row for pipeline ' || {pipeline} || ': the business time zone is unknown'
 WHERE NOT EXISTS (SELECT FROM {schema}.pipeline_settings
                    WHERE pipeline = {pipeline} AND settings ->> 'time_zone' IS NOT NULL)
