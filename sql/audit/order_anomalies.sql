-- order_anomalies, recomputed from orders_raw, up to the timer clock of the last epoch. The columns
-- of orders_raw are trusted here: that they say what event_data says is the check named orders_raw.
-- Only old_status is in no column.
WITH settings AS MATERIALIZED (
  SELECT ARRAY(SELECT jsonb_object_keys(settings -> 'status_map')) AS known,
         ARRAY(SELECT jsonb_object_keys(settings -> 'payment_map')) AS known_methods,
         ARRAY(SELECT jsonb_array_elements_text(settings -> 'status_ranks')) AS ranks,
         ARRAY(SELECT jsonb_array_elements_text(settings -> 'terminal_statuses')) AS terminal,
         {schema}.lensart_duration(settings ->> 'stuck_after') AS stuck_after,
         -- All lanes of an epoch have the same.
         (SELECT max(timer_clock) FROM {schema}.pipeline_epochs
           WHERE pipeline = {pipeline}) AS timer_clock
    FROM {schema}.pipeline_settings
   WHERE pipeline = {pipeline}
), changes AS (
  SELECT order_id, event_id, event_timestamp AS changed_at, order_status AS new_status,
         {schema}.lensart_text({schema}.lensart_data(event_data) ->> 'old_status') AS old_status
    FROM {schema}.orders_raw
   WHERE event_type = 'order.status_changed'
  OFFSET bigint '0'  -- lets go of event_data before the rows are sorted
), history AS (
  -- As in the check of order_status_history, but of all orders.
  SELECT *, lag(changed_at) OVER history AS before_at, lag(new_status) OVER history AS before_status
    FROM changes
  WINDOW history AS (PARTITION BY order_id ORDER BY changed_at, event_id)
), judged AS (
  SELECT order_id, new_status, changed_at,
         CASE WHEN new_status <> ALL (known) THEN 'unknown_status'
              WHEN from_status = ANY (terminal) THEN 'after_terminal'
              WHEN array_position(ranks, new_status::text) < array_position(ranks, from_status)
              THEN 'backward'
              WHEN before_at IS NOT NULL AND old_status <> from_status THEN 'sequence_gap'
         END AS anomaly
    FROM (SELECT *, CASE WHEN before_at IS NULL THEN old_status ELSE before_status
                    END AS from_status FROM history) h
   CROSS JOIN settings
), unknown AS (
  SELECT order_id, order_status AS status, event_timestamp AS at
    FROM {schema}.orders_raw
   WHERE order_status <> ALL ((SELECT known FROM settings)::text[])
  UNION ALL
  SELECT order_id, payment_method, event_timestamp
    FROM {schema}.orders_raw
   WHERE payment_method <> ALL ((SELECT known_methods FROM settings)::text[])
), writers AS (
  -- The events that write a status, in the order in which they count; before is NULL for the first.
  SELECT order_id, event_type, event_id, event_timestamp, rank, order_status,
         lag(order_status) OVER (PARTITION BY order_id ORDER BY event_timestamp, rank, event_id)
           AS before
    FROM (SELECT *, {schema}.lensart_rank(event_type) AS rank FROM {schema}.orders_raw
           WHERE order_status IS NOT NULL) r
), lasting AS (
  -- How long each change lasted: until the next one, NULL after the last.
  SELECT order_id, order_status AS status, event_timestamp AS since,
         lead(event_timestamp) OVER (PARTITION BY order_id ORDER BY event_timestamp, rank, event_id)
           AS until
    FROM writers
   WHERE before IS NULL OR event_type IN ('order.status_changed', 'order.cancelled')
      OR order_status <> before
), stuck AS (
  SELECT order_id, status, since, until
    FROM lasting CROSS JOIN settings
   WHERE coalesce(until, timer_clock) - since >= stuck_after AND status <> ALL (terminal)
)
SELECT order_id, anomaly AS kind, new_status COLLATE "C" AS status, changed_at AS since,
       NULL::timestamptz AS resolved_at
  FROM judged
 WHERE anomaly <> 'unknown_status'
 GROUP BY order_id, anomaly, new_status, changed_at
UNION ALL
SELECT order_id, 'unknown_status', status, min(at), NULL
  FROM unknown
 GROUP BY order_id, status
UNION ALL
SELECT order_id, 'stuck', status, since, until
  FROM stuck
