-- The fold of each order's events: the last writer of each of the three groups, and the times. An
-- entry is the writer's sort_key, then what it wrote; the largest entry is the last writer's.
CREATE VIEW folds AS
SELECT order_id,
       MAX(CASE WHEN branch_id IS NOT NULL THEN sort_key || snapshot END) AS snapshot_entry,
       MAX(CASE WHEN branch_id IS NOT NULL
                THEN sort_key || COALESCE(CAST(date_micros AS STRING), '') || CHR(1) ||
                     CAST(branch_id AS STRING) || CHR(1) || CAST(total_price AS STRING) || CHR(1) ||
                     COALESCE(payment_method, '') END) AS facts_entry,
       MAX(sort_key || order_status) AS status_entry,
       MAX(sort_key || payment_status) AS payment_entry,
       MIN(CASE WHEN event_type = 'order.created' THEN micros END) AS created_micros,
       MIN(micros) AS first_micros,
       MAX(micros) AS last_micros
  FROM events
 GROUP BY order_id;

-- Orders that have had a snapshot.
CREATE VIEW orders AS
SELECT order_id,
       {{once SUBSTRING(snapshot_entry, POSITION(CHR(1) IN snapshot_entry) + 1)}} AS snapshot,
       {{once TRY_CAST(SPLIT_INDEX(facts_entry, CHR(1), 1) AS BIGINT)}} AS date_micros,
       CAST(SPLIT_INDEX(facts_entry, CHR(1), 2) AS BIGINT) AS branch_id,
       CAST(SPLIT_INDEX(facts_entry, CHR(1), 3) AS DECIMAL(15, 2)) AS total_price,
       SPLIT_INDEX(facts_entry, CHR(1), 4) AS counted_method,
       SUBSTRING(status_entry, POSITION(CHR(1) IN status_entry) + 1) AS order_status,
       SUBSTRING(payment_entry, POSITION(CHR(1) IN payment_entry) + 1) AS payment_status,
       created_micros,
       COALESCE(created_micros, first_micros) AS born_micros,
       last_micros
  FROM folds
 WHERE snapshot_entry IS NOT NULL;
