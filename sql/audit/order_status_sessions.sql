-- order_status_sessions, recomputed from orders_raw. The columns of orders_raw are trusted here:
-- that they say what event_data says is the check named orders_raw.
WITH settings AS MATERIALIZED (
  SELECT {schema}.lensart_duration(settings ->> 'session_gap') AS session_gap
    FROM {schema}.pipeline_settings
   WHERE pipeline = {pipeline}
), placed AS (
  SELECT order_id, event_id, event_timestamp AS changed_at, order_status AS new_status,
         lag(event_timestamp) OVER history AS before_at,
         lead(event_timestamp) OVER history AS after_at
    FROM {schema}.orders_raw
   WHERE event_type = 'order.status_changed'
  WINDOW history AS (PARTITION BY order_id ORDER BY event_timestamp, event_id)
), bounded AS (
  SELECT p.*,
         before_at IS NULL OR changed_at - before_at > s.session_gap AS starts,
         after_at IS NULL OR after_at - changed_at > s.session_gap AS ends
    FROM placed p CROSS JOIN settings s
), numbered AS (
  SELECT *, count(*) FILTER (WHERE starts) OVER (
              PARTITION BY order_id ORDER BY changed_at, event_id ROWS UNBOUNDED PRECEDING) AS nth
    FROM bounded
)
SELECT order_id,
       (extract(epoch FROM min(changed_at)) * 1000000)::bigint AS session_id,
       min(changed_at) AS started_at,
       max(changed_at) AS ended_at,
       count(*) AS changes,
       max(new_status) FILTER (WHERE starts) AS first_status,
       max(new_status) FILTER (WHERE ends) AS last_status
  FROM numbered
 GROUP BY order_id, nth
