-- How many orders are stuck now, and which has been the longest; no row where none is.
SELECT (SELECT count(*) FROM {schema}.order_anomalies
         WHERE kind = 'stuck' AND resolved_at IS NULL),
       order_id, status, to_json(since) #>> '{}'
  FROM {schema}.order_anomalies
 WHERE kind = 'stuck' AND resolved_at IS NULL
 ORDER BY since, order_id
 LIMIT 1
