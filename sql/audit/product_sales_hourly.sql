-- product_sales_hourly, recomputed from orders_raw: the lines of each order's latest snapshot, of
-- the events that are not too late. The columns of orders_raw are trusted here: that they say what
-- event_data says is the check named orders_raw.
WITH settings AS MATERIALIZED (
  SELECT settings ->> 'time_zone' AS zone
    FROM {schema}.pipeline_settings
   WHERE pipeline = {pipeline}
), placed AS (
  -- An order's events in the order in which they count.
  SELECT id, order_id, event_type, event_timestamp, branch_id IS NOT NULL AS has_snapshot,
         row_number() OVER (PARTITION BY order_id
                            ORDER BY event_timestamp, {schema}.lensart_rank(event_type), event_id)
           AS nth
    FROM {schema}.orders_raw
   WHERE NOT too_late
), marked AS (
  SELECT *, max(nth) FILTER (WHERE has_snapshot) OVER (PARTITION BY order_id) AS snapshot_nth
    FROM placed
), folded AS (
  SELECT order_id,
         max(id) FILTER (WHERE nth = snapshot_nth) AS snapshot_id,
         coalesce(min(event_timestamp) FILTER (WHERE event_type = 'order.created'),
                  min(event_timestamp)) AS created_at
    FROM marked
   WHERE snapshot_nth IS NOT NULL
   GROUP BY order_id
), snapshots AS (
  SELECT f.order_id, f.created_at, s.zone,
         {schema}.lensart_snapshot(r.event_type, {schema}.lensart_data(r.event_data)) AS snapshot
    FROM folded f JOIN {schema}.orders_raw r ON r.id = f.snapshot_id CROSS JOIN settings s
  OFFSET bigint '0'  -- keeps the planner from cutting the snapshot out again for each of its fields
), dated AS (
  SELECT *, snapshot ->> 'date' AS date FROM snapshots
  OFFSET bigint '0'
), orders AS (
  SELECT order_id, {schema}.lensart_lines(snapshot) AS lines,
         coalesce({schema}.lensart_instant(date, zone), created_at) AT TIME ZONE zone AS placed_at
    FROM dated
  OFFSET bigint '0'
), lines AS (
  SELECT o.order_id, o.placed_at,
         {schema}.lensart_whole(line -> 'product_id') AS product_id,
         {schema}.lensart_whole(line -> 'quantity') AS quantity,
         {schema}.lensart_amount(line -> 'total_price') AS total_price
    FROM orders o CROSS JOIN LATERAL jsonb_array_elements(o.lines) AS line
)
SELECT placed_at::date AS sale_date,
       extract(hour FROM placed_at)::bigint AS sale_hour,
       product_id,
       count(DISTINCT order_id) AS orders,
       sum(quantity)::bigint AS quantity,
       sum(total_price)::numeric(20,2) AS revenue
  FROM lines
 GROUP BY 1, 2, 3
