-- orders_processed, recomputed from orders_raw. The columns of orders_raw are trusted here: that
-- they say what event_data says is the check named orders_raw.
WITH placed AS (
  -- An order's events in the order in which they count.
  SELECT id, order_id, event_type, event_timestamp, order_status, payment_status,
         branch_id IS NOT NULL AS has_snapshot,
         row_number() OVER (PARTITION BY order_id
                            ORDER BY event_timestamp, {schema}.lensart_rank(event_type), event_id)
           AS nth
    FROM {schema}.orders_raw
), marked AS (
  -- The last writer of each of the three groups. An event leaves a column alone that it has NULL.
  SELECT *,
         max(nth) FILTER (WHERE has_snapshot) OVER (PARTITION BY order_id) AS snapshot_nth,
         max(nth) FILTER (WHERE order_status IS NOT NULL) OVER (PARTITION BY order_id) AS order_nth,
         max(nth) FILTER (WHERE payment_status IS NOT NULL) OVER (PARTITION BY order_id)
           AS payment_nth
    FROM placed
), folded AS (
  SELECT order_id,
         max(id) FILTER (WHERE nth = snapshot_nth) AS snapshot_id,
         max(order_status) FILTER (WHERE nth = order_nth) AS order_status,
         max(payment_status) FILTER (WHERE nth = payment_nth) AS payment_status,
         coalesce(min(event_timestamp) FILTER (WHERE event_type = 'order.created'),
                  min(event_timestamp)) AS created_at,
         max(event_timestamp) AS updated_at
    FROM marked
   GROUP BY order_id
), snapshots AS (
  SELECT f.order_id, r.user_id, r.branch_id, r.total_price, r.payment_method,
         f.order_status, f.payment_status, f.created_at, f.updated_at,
         {schema}.lensart_snapshot(r.event_type, {schema}.lensart_data(r.event_data)) AS snapshot,
         c.settings ->> 'time_zone' AS zone
    FROM folded f
    JOIN {schema}.orders_raw r ON r.id = f.snapshot_id
    LEFT JOIN {schema}.pipeline_settings c ON c.pipeline = {pipeline}
  OFFSET bigint '0'  -- keeps the planner from cutting the snapshot out again for each of its fields
), latest AS (
  SELECT *, snapshot ->> 'date' AS date FROM snapshots
  OFFSET bigint '0'
)
SELECT order_id,
       user_id,
       {schema}.lensart_text(snapshot -> 'user' ->> 'name') AS user_name,
       {schema}.lensart_text(snapshot -> 'user' ->> 'email') AS user_email,
       branch_id,
       {schema}.lensart_text(snapshot -> 'branch' ->> 'name') AS branch_name,
       {schema}.lensart_text(snapshot -> 'branch' ->> 'address') AS branch_address,
       {schema}.lensart_instant(date, zone) AS order_date,
       {schema}.lensart_text(snapshot ->> 'address') AS address,
       {schema}.lensart_text(snapshot ->> 'note') AS note,
       {schema}.lensart_whole(snapshot -> 'coupon_id') AS coupon_id,
       total_price,
       order_status,
       payment_status,
       payment_method,
       (SELECT coalesce(sum({schema}.lensart_whole(line -> 'quantity')), 0)::bigint
          FROM jsonb_array_elements({schema}.lensart_lines(snapshot)) AS line) AS items_count,
       created_at,
       updated_at
  FROM latest
