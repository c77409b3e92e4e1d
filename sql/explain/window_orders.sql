-- The orders that count in one hour of one branch, $1 the date, $2 the hour, $3 the branch: the fold
-- of their events that are not too late, as sql/audit/order_metrics.sql has it, kept to the orders
-- that ever named the branch. With them the orders that would count there if late events counted.
WITH settings AS MATERIALIZED (
  SELECT settings ->> 'time_zone' AS zone, settings -> 'status_map' AS status_map,
         settings -> 'payment_map' AS payment_map
    FROM {schema}.pipeline_settings
   WHERE pipeline = {pipeline}
), candidates AS MATERIALIZED (
  SELECT DISTINCT order_id FROM {schema}.orders_raw WHERE branch_id = $3::bigint
), events AS MATERIALIZED (
  SELECT r.id, r.order_id, r.event_type, r.event_id, r.event_timestamp, r.order_status,
         r.branch_id IS NOT NULL AS has_snapshot, r.too_late
    FROM {schema}.orders_raw r JOIN candidates USING (order_id)
), placed AS (
  SELECT e.*, f.with_late,
         row_number() OVER (PARTITION BY with_late, order_id
                            ORDER BY event_timestamp, {schema}.lensart_rank(event_type),
                                     event_id COLLATE "C") AS nth
    FROM events e CROSS JOIN (VALUES (false), (true)) f(with_late)
   WHERE f.with_late OR NOT e.too_late
), marked AS (
  SELECT *,
         max(nth) FILTER (WHERE has_snapshot) OVER w AS snapshot_nth,
         max(nth) FILTER (WHERE order_status IS NOT NULL) OVER w AS status_nth
    FROM placed WINDOW w AS (PARTITION BY with_late, order_id)
), folded AS (
  SELECT with_late, order_id,
         max(id) FILTER (WHERE nth = snapshot_nth) AS snapshot_id,
         max(order_status) FILTER (WHERE nth = status_nth) AS order_status,
         max(event_timestamp) AS latest_at, count(*) FILTER (WHERE too_late) AS too_late_events,
         coalesce(min(event_timestamp) FILTER (WHERE event_type = 'order.created'),
                  min(event_timestamp)) AS created_at
    FROM marked
   WHERE snapshot_nth IS NOT NULL
   GROUP BY with_late, order_id
), dated AS (
  SELECT f.with_late, f.order_id, r.branch_id, r.total_price, r.payment_method, f.order_status,
         f.latest_at, f.too_late_events, f.created_at, s.zone,
         s.status_map ->> f.order_status AS counts_as,
         s.payment_map ->> r.payment_method AS paid_by,
         {schema}.lensart_snapshot(r.event_type, {schema}.lensart_data(r.event_data)) ->> 'date'
           AS date
    FROM folded f JOIN {schema}.orders_raw r ON r.id = f.snapshot_id CROSS JOIN settings s
   WHERE r.branch_id = $3::bigint
), orders AS (
  SELECT *, coalesce({schema}.lensart_instant(date, zone), created_at) AS placed_at FROM dated
), inside AS (
  SELECT * FROM orders
   WHERE (placed_at AT TIME ZONE zone)::date = $1::date
     AND extract(hour FROM placed_at AT TIME ZONE zone) = $2::bigint
)
SELECT coalesce(n.order_id, a.order_id) AS order_id,
       n.order_id IS NOT NULL AS counts,
       a.order_id IS NOT NULL AS counts_with_late,
       coalesce(n.placed_at, a.placed_at) AS placed_at,
       coalesce(n.total_price, a.total_price)::text AS total_price,
       coalesce(n.order_status, a.order_status) AS order_status,
       CASE WHEN n.order_id IS NULL THEN a.counts_as ELSE n.counts_as END AS counts_as,
       CASE WHEN n.order_id IS NULL THEN a.payment_method ELSE n.payment_method END
         AS payment_method,
       CASE WHEN n.order_id IS NULL THEN a.paid_by ELSE n.paid_by END AS paid_by,
       (SELECT max(event_timestamp) FROM events e
         WHERE e.order_id = coalesce(n.order_id, a.order_id)) AS latest_at,
       (SELECT count(*) FROM events e
         WHERE e.order_id = coalesce(n.order_id, a.order_id) AND e.too_late) AS too_late_events
  FROM (SELECT * FROM inside WHERE NOT with_late) n
  FULL JOIN (SELECT * FROM inside WHERE with_late) a USING (order_id)
 ORDER BY 1
