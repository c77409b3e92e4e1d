-- order_metrics_sliding, recomputed from orders_raw: the fold of the events that are not too late,
-- without the windows that have passed their retention (lensart_sliding_from); whoever compares
-- leaves out the same of the table. The columns of orders_raw are trusted here: that they say what
-- event_data says is the check named orders_raw.
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
         coalesce({schema}.lensart_instant(date, zone), created_at) AS placed_at
    FROM dated
  OFFSET bigint '0'
), slots AS (
  -- Twelve windows share each 5 minutes: their orders are added up once.
  SELECT date_bin('5 minutes', placed_at, timestamptz 'epoch') AS slot, branch_id,
         count(*) AS total,
         sum(total_price) AS revenue,
         count(*) FILTER (WHERE counts_as = 'pending') AS pending,
         count(*) FILTER (WHERE counts_as = 'processing') AS processing,
         count(*) FILTER (WHERE counts_as = 'completed') AS completed,
         count(*) FILTER (WHERE counts_as = 'cancelled') AS cancelled,
         count(*) FILTER (WHERE paid_by = 'cash') AS cash,
         count(*) FILTER (WHERE paid_by = 'online') AS online
    FROM orders
   GROUP BY 1, 2
), windows AS (
  SELECT slot - nth * interval '5 minutes' AS window_start, s.*
    FROM slots s CROSS JOIN generate_series(0, 11) AS nth
)
SELECT window_start,
       window_start + interval '1 hour' AS window_end,
       branch_id,
       sum(total)::bigint AS total_orders,
       sum(revenue)::numeric(20,2) AS total_revenue,
       round(sum(revenue) / sum(total), 2)::numeric(20,2) AS avg_order_value,
       sum(pending)::bigint AS pending_orders,
       sum(processing)::bigint AS processing_orders,
       sum(completed)::bigint AS completed_orders,
       sum(cancelled)::bigint AS cancelled_orders,
       sum(cash)::bigint AS cash_orders,
       sum(online)::bigint AS online_orders
  FROM windows
 WHERE window_start + interval '1 hour' >= (SELECT {schema}.lensart_sliding_from({pipeline}))
 GROUP BY window_start, branch_id
