-- order_status_history, recomputed from orders_raw: each change of status of an order that has a
-- row in orders_processed. The columns of orders_raw are trusted here: that they say what
-- event_data says is the check named orders_raw. Only old_status is in no column.
WITH settings AS MATERIALIZED (
  SELECT ARRAY(SELECT jsonb_object_keys(settings -> 'status_map')) AS known,
         ARRAY(SELECT jsonb_array_elements_text(settings -> 'status_ranks')) AS ranks,
         ARRAY(SELECT jsonb_array_elements_text(settings -> 'terminal_statuses')) AS terminal,
         {schema}.lensart_duration(settings ->> 'session_gap') AS session_gap
    FROM {schema}.pipeline_settings
   WHERE pipeline = {pipeline}
), orders AS (
  SELECT order_id, min(event_timestamp) FILTER (WHERE event_type = 'order.created') AS created_at
    FROM {schema}.orders_raw
   GROUP BY order_id
  HAVING bool_or(branch_id IS NOT NULL)
), changes AS (
  SELECT order_id, event_id, event_timestamp AS changed_at, order_status AS new_status,
         {schema}.lensart_text({schema}.lensart_data(event_data) ->> 'old_status') AS old_status
    FROM {schema}.orders_raw
   WHERE event_type = 'order.status_changed'
  OFFSET bigint '0'  -- lets go of event_data before the rows are sorted
), placed AS (
  -- The row before in the order's history; before_at is NULL for the first.
  SELECT *, lag(changed_at) OVER history AS before_at, lag(new_status) OVER history AS before_status
    FROM changes
  WINDOW history AS (PARTITION BY order_id ORDER BY changed_at, event_id)
), judged AS (
  SELECT p.*, s.known, s.ranks, s.terminal,
         CASE WHEN before_at IS NULL THEN old_status ELSE before_status END AS from_status,
         coalesce(before_at, o.created_at) AS waits_since,
         max(changed_at) FILTER (WHERE before_at IS NULL OR changed_at - before_at > s.session_gap)
           OVER (PARTITION BY order_id ORDER BY changed_at, event_id ROWS UNBOUNDED PRECEDING)
           AS session_started_at
    FROM placed p JOIN orders o USING (order_id) CROSS JOIN settings s
)
SELECT order_id,
       event_id,
       old_status,
       new_status,
       changed_at,
       CASE WHEN changed_at >= waits_since
            THEN floor(extract(epoch FROM changed_at - waits_since))::bigint
       END AS processing_time_seconds,
       CASE WHEN new_status <> ALL (known) THEN 'unknown_status'
            WHEN from_status = ANY (terminal) THEN 'after_terminal'
            WHEN array_position(ranks, new_status::text) < array_position(ranks, from_status)
            THEN 'backward'
            WHEN before_at IS NOT NULL AND old_status <> from_status THEN 'sequence_gap'
       END AS anomaly,
       (extract(epoch FROM session_started_at) * 1000000)::bigint AS session_id
  FROM judged
