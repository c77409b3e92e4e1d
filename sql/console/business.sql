-- The console's business page as one JSON object (`Business` in apps/api/openapi.json), all of it
-- from one snapshot. $1: hours, $2: a branch or NULL, $3: an instant in the last hour or NULL.
--
-- Bounded: order_metrics by its key, the latest 50 000 changes of status by their index, the latest
-- 20 000 orders by branch and date.
WITH settings AS MATERIALIZED (
  SELECT settings ->> 'time_zone' AS zone, settings -> 'status_map' AS status_map,
         settings -> 'status_ranks' AS ranks
    FROM {schema}.pipeline_settings WHERE pipeline = {pipeline}
), clock AS MATERIALIZED (
  SELECT date_trunc('hour', coalesce($3::timestamptz,
           (SELECT min(timer_clock) FROM {schema}.pipeline_epochs WHERE pipeline = {pipeline}),
           now()) AT TIME ZONE s.zone) AS hour
    FROM settings s
), newest AS MATERIALIZED (  -- the last hour up to the clock in which something was placed
  SELECT (SELECT m.metric_date + make_interval(hours => m.metric_hour::int)
            FROM {schema}.order_metrics m
           WHERE (m.metric_date, m.metric_hour)
                 <= (c.hour::date, extract(hour FROM c.hour)::bigint)
             AND ($2::bigint IS NULL OR m.branch_id = $2)
           ORDER BY m.metric_date DESC, m.metric_hour DESC LIMIT 1) AS hour
    FROM clock c
), span AS MATERIALIZED (
  SELECT least.hour - make_interval(hours => $1::int - 1) AS first, least.hour AS last, s.*,
         (least.hour - make_interval(hours => $1::int - 1)) AT TIME ZONE s.zone AS from_at,
         (least.hour + interval '1 hour') AT TIME ZONE s.zone AS until_at
    FROM settings s, clock c, newest n,
         LATERAL (SELECT CASE WHEN $3::timestamptz IS NULL
                               AND n.hour <= c.hour - make_interval(hours => $1::int)
                              THEN n.hour ELSE c.hour END AS hour) least
), counted AS MATERIALIZED (
  SELECT m.metric_date + make_interval(hours => m.metric_hour::int) AS hour, m.branch_id,
         m.total_orders, m.total_revenue, m.pending_orders, m.processing_orders,
         m.completed_orders, m.cancelled_orders, m.cash_orders, m.online_orders
    FROM {schema}.order_metrics m, span w
   WHERE (m.metric_date, m.metric_hour)
         >= (w.first::date, extract(hour FROM w.first)::bigint)
     AND (m.metric_date, m.metric_hour) <= (w.last::date, extract(hour FROM w.last)::bigint)
     AND ($2::bigint IS NULL OR m.branch_id = $2)
), sums AS (  -- of each hour, of each branch, and of all
  SELECT grouping(hour) = 1 AS all_hours, grouping(branch_id) = 1 AS all_branches, hour, branch_id,
         sum(total_orders) AS orders, sum(total_revenue) AS revenue,
         json_build_object(
           'orders', sum(total_orders), 'revenue', sum(total_revenue)::numeric(30,2)::text,
           'pending', sum(pending_orders), 'processing', sum(processing_orders),
           'completed', sum(completed_orders), 'cancelled', sum(cancelled_orders),
           'cash', sum(cash_orders), 'online', sum(online_orders)) AS measures
    FROM counted GROUP BY GROUPING SETS ((hour), (branch_id), ())
), nothing AS (
  SELECT json_build_object('orders', 0, 'revenue', '0.00', 'pending', 0, 'processing', 0,
                           'completed', 0, 'cancelled', 0, 'cash', 0, 'online', 0) AS measures
), hours AS MATERIALIZED (
  SELECT hour, w.zone FROM span w, generate_series(w.first, w.last, interval '1 hour') hour
), branches AS MATERIALIZED (
  SELECT s.branch_id, s.measures, row_number() OVER (ORDER BY s.revenue DESC, s.branch_id) AS nth
    FROM sums s WHERE s.all_hours AND NOT s.all_branches
), changes AS MATERIALIZED (
  SELECT h.order_id, h.old_status, h.new_status, h.processing_time_seconds
    FROM span w, {schema}.order_status_history h
   WHERE h.changed_at >= w.from_at AND h.changed_at < w.until_at
     AND ($2::bigint IS NULL OR EXISTS (
           SELECT FROM {schema}.orders_processed o
            WHERE o.order_id = h.order_id AND o.branch_id = $2))
   ORDER BY h.changed_at DESC LIMIT 50000
), reached AS (
  SELECT c.new_status AS status, count(DISTINCT c.order_id) AS orders,
         (SELECT r.nth FROM span w,
                 jsonb_array_elements_text(w.ranks) WITH ORDINALITY r (status, nth)
           WHERE r.status = c.new_status LIMIT 1) AS rank
    FROM changes c GROUP BY c.new_status
), times AS (
  SELECT old_status AS status, count(*) AS changes, avg(processing_time_seconds)::float8 AS average,
         percentile_cont(ARRAY[0.5, 0.9])
           WITHIN GROUP (ORDER BY processing_time_seconds::float8) AS p,
         max(processing_time_seconds) AS most
    FROM changes WHERE old_status IS NOT NULL AND processing_time_seconds IS NOT NULL
   GROUP BY old_status
), stuck AS MATERIALIZED (
  SELECT a.order_id, a.status, a.since FROM {schema}.order_anomalies a
   WHERE a.kind = 'stuck' AND a.resolved_at IS NULL
     AND ($2::bigint IS NULL OR EXISTS (
           SELECT FROM {schema}.orders_processed o
            WHERE o.order_id = a.order_id AND o.branch_id = $2))
), longest AS (
  SELECT s.*, o.branch_id, o.branch_name, o.total_price
    FROM (SELECT * FROM stuck ORDER BY since, order_id LIMIT 50) s
    LEFT JOIN {schema}.orders_processed o USING (order_id)
), placed AS MATERIALIZED (
  SELECT o.order_id FROM span w, branches b, {schema}.orders_processed o
   WHERE o.branch_id = b.branch_id AND o.order_date >= w.from_at AND o.order_date < w.until_at
   ORDER BY o.order_date DESC, o.order_id DESC LIMIT 20000
), products AS (
  SELECT i.product_id, (array_agg(i.product_name ORDER BY i.order_id DESC))[1] AS product_name,
         count(DISTINCT i.order_id) AS orders, sum(i.quantity) AS quantity,
         sum(i.total_price)::numeric(30,2) AS revenue
    FROM placed p JOIN {schema}.order_items_analytics i USING (order_id)
   GROUP BY i.product_id ORDER BY sum(i.total_price) DESC, i.product_id LIMIT 20
)
SELECT json_build_object(
  'at', now(), 'time_zone', w.zone, 'from', w.from_at, 'until', w.until_at, 'branch', $2::bigint,
  'totals', coalesce((SELECT s.measures FROM sums s
                       WHERE s.all_hours AND s.all_branches AND s.orders IS NOT NULL),
                     nothing.measures),
  'hours', (SELECT json_agg(json_build_object(
                     'date', h.hour::date, 'hour', extract(hour FROM h.hour)::int,
                     'starts_at', h.hour AT TIME ZONE h.zone,
                     'measures', coalesce(s.measures, nothing.measures)) ORDER BY h.hour)
              FROM hours h LEFT JOIN sums s ON s.hour = h.hour AND NOT s.all_hours),
  'branches', (SELECT coalesce(json_agg(json_build_object(
                        'branch_id', b.branch_id,
                        'branch_name', (SELECT o.branch_name FROM {schema}.orders_processed o
                                         WHERE o.branch_id = b.branch_id
                                         ORDER BY o.order_date DESC LIMIT 1),
                        'measures', b.measures) ORDER BY b.nth), '[]')
                 FROM branches b WHERE b.nth <= 50),
  'series', (SELECT coalesce(json_agg(json_build_object(
                      'branch_id', b.branch_id, 'orders', l.orders, 'revenue', l.revenue)
                      ORDER BY b.nth), '[]')
               FROM branches b, LATERAL (
                 SELECT json_agg(coalesce(c.total_orders, 0) ORDER BY h.hour) AS orders,
                        json_agg(coalesce(c.total_revenue, 0)::numeric(30,2)::text ORDER BY h.hour)
                          AS revenue
                   FROM hours h
                   LEFT JOIN counted c ON c.hour = h.hour AND c.branch_id = b.branch_id) l
              WHERE b.nth <= 8),
  'reached', (SELECT coalesce(json_agg(json_build_object(
                       'status', r.status, 'column', w.status_map ->> r.status::text,
                       'rank', r.rank, 'orders', r.orders)
                       ORDER BY r.rank NULLS LAST, r.orders DESC, r.status), '[]')
                FROM (SELECT * FROM reached ORDER BY rank NULLS LAST, orders DESC LIMIT 30) r),
  'time_in_status', (SELECT coalesce(json_agg(json_build_object(
                              'status', t.status, 'changes', t.changes,
                              'average_seconds', t.average, 'p50_seconds', t.p[1],
                              'p90_seconds', t.p[2], 'most_seconds', t.most)
                              ORDER BY t.changes DESC, t.status), '[]')
                       FROM (SELECT * FROM times ORDER BY changes DESC LIMIT 30) t),
  'stuck', json_build_object(
    'orders', (SELECT count(*) FROM stuck),
    'longest', (SELECT coalesce(json_agg(json_build_object(
                         'order_id', l.order_id, 'order_status', l.status, 'since', l.since,
                         'branch_id', l.branch_id, 'branch_name', l.branch_name,
                         'total_price', l.total_price::text) ORDER BY l.since, l.order_id), '[]')
                  FROM longest l)),
  'products', (SELECT coalesce(json_agg(json_build_object(
                        'product_id', p.product_id, 'product_name', p.product_name,
                        'orders', p.orders, 'quantity', p.quantity, 'revenue', p.revenue::text)
                        ORDER BY p.revenue DESC, p.product_id), '[]')
                 FROM products p))::text
  FROM span w, nothing
