-- order_metrics, recomputed from orders_raw: the fold of the events that are not too late. The
-- columns of orders_raw are trusted here: that they say what event_data says is the check named
-- orders_raw.
WITH settings AS MATERIALIZED (
  SELECT settings ->> 'time_zone' AS zone, settings -> 'status_map' AS status_map,
         settings -> 'payment_map' AS payment_map
    FROM {schema}.pipeline_settings
   WHERE pipeline = {pipeline}
), placed AS (
  -- An order's events in the order in which they count.
  SELECT id, order_id, event_type, event_timestamp, order_status,
         branch_id IS NOT NULL AS has_snapshot,
         row_number() OVER (PARTITION BY order_id
                            ORDER BY event_timestamp, {schema}.lensart_rank(event_type), event_id)
           AS nth
    FROM {schema}.orders_raw
   WHERE NOT too_late
), marked AS (
  SELECT *,
         max(nth) FILTER (WHERE has_snapshot) OVER (PARTITION BY order_id) AS snapshot_nth,
         max(nth) FILTER (WHERE order_status IS NOT NULL) OVER (PARTITION BY order_id) AS status_nth
    FROM placed
), folded AS (
  SELECT max(id) FILTER (WHERE nth = snapshot_nth) AS snapshot_id,
         max(order_status) FILTER (WHERE nth = status_nth) AS order_status,
         coalesce(min(event_timestamp) FILTER (WHERE event_type = 'order.created'),
                  min(event_timestamp)) AS created_at
    FROM marked
   WHERE snapshot_nth IS NOT NULL
   GROUP BY order_id
), dated AS (
  SELECT r.branch_id, r.total_price, f.created_at, s.zone,
         s.status_map ->> f.order_status AS counts_as,
         s.payment_map ->> r.payment_method AS paid_by,
         {schema}.lensart_snapshot(r.event_type, {schema}.lensart_data(r.event_data)) ->> 'date'
           AS date
    FROM folded f JOIN {schema}.orders_raw r ON r.id = f.snapshot_id CROSS JOIN settings s
  OFFSET bigint '0'  -- keeps the planner from cutting the date out again for each of its uses
), orders AS (
  SELECT branch_id, total_price, counts_as, paid_by,
         coalesce({schema}.lensart_instant(date, zone), created_at) AT TIME ZONE zone AS placed_at
    FROM dated
  OFFSET bigint '0'
)
SELECT placed_at::date AS metric_date,
       extract(hour FROM placed_at)::bigint AS metric_hour,
       branch_id,
       count(*) AS total_orders,
       sum(total_price)::numeric(20,2) AS total_revenue,
       round(sum(total_price) / count(*), 2)::numeric(20,2) AS avg_order_value,
       count(*) FILTER (WHERE counts_as = 'pending') AS pending_orders,
       count(*) FILTER (WHERE counts_as = 'processing') AS processing_orders,
       count(*) FILTER (WHERE counts_as = 'completed') AS completed_orders,
       count(*) FILTER (WHERE counts_as = 'cancelled') AS cancelled_orders,
       count(*) FILTER (WHERE paid_by = 'cash') AS cash_orders,
       count(*) FILTER (WHERE paid_by = 'online') AS online_orders
  FROM orders
 GROUP BY 1, 2, 3
