-- orders_raw against pipeline_accounts: the books say how many events each stretch of offsets
-- brought, so a row that is missing or was added shows. Rows come out as (problem, key, detail);
-- the key is topic/partition and an offset or a stretch of them. Problem `known` is a row that
-- PostgreSQL refused for a constraint of the operator's own: listed, but no difference.
--
-- What is checked: in each stretch as many rows as accepted events; no row outside the stretches;
-- no offset twice, unless the books have read it twice themselves (a topic that was made anew); no
-- offset both here and among the dead letters of refused records. A row that a replay brought
-- (pipeline_replays) has the coordinates of its original, but belongs to the account of the replay.
-- Minutes folded into a day are a longer stretch, and judged as one.
WITH books AS (
  SELECT topic, partition, minute, first_offset, last_offset, consumed, accepted,
         coalesce(first_offset > max(last_offset) OVER (
                    PARTITION BY topic, partition ORDER BY first_offset, last_offset, minute
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS starts
    FROM {schema}.pipeline_accounts
   WHERE pipeline = {pipeline}
), numbered AS (
  SELECT *, count(*) FILTER (WHERE starts) OVER (
              PARTITION BY topic, partition ORDER BY first_offset, last_offset, minute
              ROWS UNBOUNDED PRECEDING) AS nth
    FROM books
), stretches AS (
  -- Rows of the books that share offsets (the clock went back, say) cannot be told apart by offset
  -- and are one stretch; all others are one each, so that a difference is narrowed to a minute.
  SELECT topic, partition, nth, min(first_offset) AS first_offset, max(last_offset) AS last_offset,
         sum(accepted) AS accepted,
         sum(consumed) > max(last_offset) - min(first_offset) + 1 AS read_twice
    FROM numbered
   GROUP BY topic, partition, nth
), bounds AS (
  SELECT topic, partition, array_agg(first_offset ORDER BY nth) AS firsts,
         array_agg(last_offset ORDER BY nth) AS lasts
    FROM stretches
   GROUP BY topic, partition
), events AS MATERIALIZED (
  -- nth is the stretch that the offset lies in, NULL if in none.
  SELECT r.event_id, r.kafka_topic AS topic, r.kafka_partition AS partition,
         r.kafka_offset AS at,
         CASE WHEN r.kafka_offset <= b.lasts[width_bucket(r.kafka_offset, b.firsts)]
              THEN width_bucket(r.kafka_offset, b.firsts) END AS nth,
         p.replay_topic, p.replay_partition, p.replay_offset
    FROM {schema}.orders_raw r
    LEFT JOIN bounds b ON b.topic = r.kafka_topic AND b.partition = r.kafka_partition
    LEFT JOIN {schema}.pipeline_replays p
           ON p.topic = r.kafka_topic AND p.partition = r.kafka_partition
          AND p."offset" = r.kafka_offset AND p.event_id = r.event_id AND NOT p.too_late
), replayed AS (
  -- The same of the replays' own offsets.
  SELECT e.event_id, e.replay_topic AS topic, e.replay_partition AS partition,
         e.replay_offset AS at,
         CASE WHEN e.replay_offset <= b.lasts[width_bucket(e.replay_offset, b.firsts)]
              THEN width_bucket(e.replay_offset, b.firsts) END AS nth
    FROM events e
    LEFT JOIN bounds b ON b.topic = e.replay_topic AND b.partition = e.replay_partition
   WHERE e.replay_topic IS NOT NULL
), refused AS (
  SELECT DISTINCT d.topic, d.partition, d."offset" AS at,
         width_bucket(d."offset", b.firsts) AS nth
    FROM {schema}.dead_letters d
    JOIN bounds b ON b.topic = d.topic AND b.partition = d.partition
   WHERE d.code = 'sink_rejected' AND d.field LIKE 'orders\_raw%'
     AND NOT EXISTS (SELECT FROM events e
                      WHERE e.topic = d.topic AND e.partition = d.partition
                        AND e.at = d."offset")
), counted AS (
  SELECT s.topic, s.partition, s.first_offset, s.last_offset, s.accepted,
         coalesce(e.rows, 0) + coalesce(p.rows, 0) AS rows, coalesce(k.rows, 0) AS refused
    FROM stretches s
    LEFT JOIN (SELECT topic, partition, nth, count(*) AS rows FROM events
                WHERE replay_topic IS NULL
                GROUP BY topic, partition, nth) e USING (topic, partition, nth)
    LEFT JOIN (SELECT topic, partition, nth, count(*) AS rows FROM replayed
                GROUP BY topic, partition, nth) p USING (topic, partition, nth)
    LEFT JOIN (SELECT topic, partition, nth, count(*) AS rows FROM refused
                GROUP BY topic, partition, nth) k USING (topic, partition, nth)
)
SELECT CASE WHEN rows + refused < accepted THEN 'missing' ELSE 'extra' END AS problem,
       format('%s/%s %s..%s', topic, partition, first_offset, last_offset) AS key,
       format('pipeline_accounts has %s accepted events there, orders_raw %s rows%s', accepted,
              rows, CASE WHEN refused > 0 THEN format(' and %s were refused', refused) END)
         AS detail
  FROM counted
 WHERE rows + refused <> accepted
UNION ALL
SELECT 'extra', format('%s/%s %s', e.topic, e.partition, e.at),
       format('event %s: pipeline_accounts has no such offset', e.event_id)
  FROM events e
 WHERE e.nth IS NULL AND e.replay_topic IS NULL
UNION ALL
SELECT 'extra', format('%s/%s %s', p.topic, p.partition, p.at),
       format('event %s was replayed here: pipeline_accounts has no such offset', p.event_id)
  FROM replayed p
 WHERE p.nth IS NULL
UNION ALL
SELECT 'extra', format('%s/%s %s', e.topic, e.partition, e.at),
       format('%s events have this offset: %s', count(*), string_agg(e.event_id, ', '))
  FROM events e JOIN stretches s USING (topic, partition, nth)
 WHERE NOT s.read_twice
 GROUP BY e.topic, e.partition, e.at
HAVING count(*) > 1
UNION ALL
SELECT 'extra', format('%s/%s %s', e.topic, e.partition, e.at),
       format('event %s is in orders_raw, and dead_letters has refused it: %s', e.event_id, d.code)
  FROM {schema}.dead_letters d
  JOIN events e ON e.topic = d.topic AND e.partition = d.partition AND e.at = d."offset"
  JOIN stretches s ON s.topic = e.topic AND s.partition = e.partition AND s.nth = e.nth
 WHERE d.code NOT IN ('too_late', 'sink_rejected') AND e.replay_topic IS NULL
   AND NOT s.read_twice
UNION ALL
SELECT 'known', format('%s/%s %s', topic, partition, at),
       'PostgreSQL refused the row of this event (sink_rejected); it stays accepted'
  FROM refused
