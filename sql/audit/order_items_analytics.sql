-- order_items_analytics, recomputed from orders_raw: the lines of each order's latest snapshot. A
-- bag: equal lines stand here as often as in the order. The columns of orders_raw are trusted here:
-- that they say what event_data says is the check named orders_raw.
WITH winners AS (
  SELECT DISTINCT ON (order_id) id
    FROM {schema}.orders_raw
   WHERE branch_id IS NOT NULL
   ORDER BY order_id, event_timestamp DESC, {schema}.lensart_rank(event_type) DESC, event_id DESC
), snapshots AS (
  SELECT r.order_id, r.branch_id,
         {schema}.lensart_snapshot(r.event_type, {schema}.lensart_data(r.event_data)) AS snapshot,
         c.settings ->> 'time_zone' AS zone
    FROM winners w
    JOIN {schema}.orders_raw r ON r.id = w.id
    LEFT JOIN {schema}.pipeline_settings c ON c.pipeline = {pipeline}
  OFFSET bigint '0'  -- keeps the planner from cutting the snapshot out again for each of its fields
), latest AS (
  SELECT *, snapshot ->> 'date' AS date FROM snapshots
  OFFSET bigint '0'
), dated AS (
  SELECT order_id, branch_id, {schema}.lensart_lines(snapshot) AS lines,
         ({schema}.lensart_instant(date, zone) AT TIME ZONE zone)::date
           AS order_date
    FROM latest
  OFFSET bigint '0'
), lines AS (
  SELECT d.order_id, d.branch_id, d.order_date, line,
         {schema}.lensart_whole(line -> 'quantity') AS quantity,
         {schema}.lensart_amount(line -> 'total_price') AS total_price,
         {schema}.lensart_amount(line -> 'price') AS price
    FROM dated d CROSS JOIN LATERAL jsonb_array_elements(d.lines) AS line
  OFFSET bigint '0'
)
SELECT order_id,
       {schema}.lensart_whole(line -> 'product_id') AS product_id,
       {schema}.lensart_text(line ->> 'product_name') AS product_name,
       {schema}.lensart_text(line ->> 'color') AS color,
       quantity,
       coalesce(price, round(total_price / quantity, 2))::numeric(15,2) AS unit_price,
       total_price::numeric(15,2) AS total_price,
       order_date,
       branch_id
  FROM lines
