-- From records to accepted events, each once.
--
-- CASE WHEN RAND() >= 0 THEN x END is always x. Flink copies the expression of a column to each place
-- that uses the column, and parsing JSON ten times instead of once is dear; one that seems to depend
-- on chance it must compute once. (A lateral ROW would do the same, but the plan of each table would
-- then get a copy of everything before it.)

-- What lies in the topic of replays and imports has a line before the payload that names the topic
-- whose rules hold, and for a replay where its record lay first.
CREATE VIEW records AS
SELECT CASE WHEN header IS NULL THEN record_topic
            ELSE CASE JSON_VALUE(header, '$.topic')
                   WHEN 'order_created' THEN {{order_created}}
                   WHEN 'order_updated' THEN {{order_updated}}
                   WHEN 'order_cancelled' THEN {{order_cancelled}}
                   WHEN 'order_events' THEN {{order_events}} END END AS topic,
       CASE WHEN header IS NULL THEN message
            ELSE SUBSTRING(message, CHAR_LENGTH(header) + 1) END AS payload,
       CASE WHEN original IS NULL THEN record_topic
            ELSE SPLIT_INDEX(original, '/', 0) END AS kafka_topic,
       CASE WHEN original IS NULL THEN CAST(record_partition AS BIGINT)
            ELSE TRY_CAST(SPLIT_INDEX(original, '/', 1) AS BIGINT) END AS kafka_partition,
       CASE WHEN original IS NULL THEN record_offset
            ELSE TRY_CAST(SPLIT_INDEX(original, '/', 2) AS BIGINT) END AS kafka_offset
  FROM (
    SELECT *, {{once CASE WHEN header IS NOT NULL THEN JSON_VALUE(header, '$.original') END}} AS original
      FROM (
        SELECT *, {{once CASE WHEN record_topic = {{replay_topic}} THEN SUBSTRING(message, 1, POSITION(CHR(10) IN message)) END}} AS header
          FROM kafka_events));

-- The envelope. A type belongs to its topic; what else is there is no event of ours.
CREATE VIEW envelopes AS
SELECT *
  FROM (
    SELECT *,
           {{once JSON_VALUE(payload, '$.event_type')}} AS event_type,
           {{once JSON_VALUE(payload, '$.timestamp')}} AS said_at,
           {{once JSON_VALUE(payload, '$.event_id')}} AS said_id,
           {{once JSON_QUERY(payload, '$.data')}} AS data
      FROM records)
 WHERE (topic = {{order_created}} AND event_type = 'order.created')
    OR (topic = {{order_updated}} AND event_type = 'order.updated')
    OR (topic = {{order_cancelled}} AND event_type = 'order.cancelled')
    OR (topic = {{order_events}}
        AND event_type IN ('order.status_changed', 'order.payment_status_changed'));

-- Without data the payload itself stands for it (flat form). A status event's snapshot is its order.
-- Times are microseconds since 1970: Flink's own intervals have only milliseconds.
CREATE VIEW bodies AS
SELECT payload, kafka_topic, kafka_partition, kafka_offset, event_type, body,
       {{once CASE WHEN said_id <> '' THEN said_id ELSE 'hash_' || SHA256(payload) END}} AS event_id,
       {{once {{micros_of said_at}}}} AS micros,
       {{once CASE WHEN event_type IN ('order.status_changed', 'order.payment_status_changed') THEN JSON_QUERY(body, '$.order') ELSE body END}} AS snapshot
  FROM (
    SELECT *, {{once CASE WHEN data IS NULL THEN payload ELSE data END}} AS body
      FROM envelopes);

-- What the event writes, by its type.
CREATE VIEW fields AS
SELECT payload, kafka_topic, kafka_partition, kafka_offset, event_type, event_id, micros, snapshot,
       {{once TRY_CAST(COALESCE(JSON_VALUE(body, '$.order_id'), JSON_VALUE(body, '$.id')) AS BIGINT)}} AS order_id,
       TRY_CAST(JSON_VALUE(snapshot, '$.user_id') AS BIGINT) AS user_id,
       {{once TRY_CAST(JSON_VALUE(snapshot, '$.branch_id') AS BIGINT)}} AS branch_id,
       {{once TRY_CAST(JSON_VALUE(snapshot, '$.total_price') AS DECIMAL(15, 2))}} AS total_price,
       {{once CASE event_type WHEN 'order.cancelled' THEN 'Đã hủy' WHEN 'order.status_changed' THEN JSON_VALUE(body, '$.new_status') ELSE JSON_VALUE(snapshot, '$.order_status') END}} AS order_status,
       {{once CASE event_type WHEN 'order.payment_status_changed' THEN JSON_VALUE(body, '$.new_payment_status') ELSE JSON_VALUE(snapshot, '$.payment_status') END}} AS payment_status,
       {{once JSON_VALUE(snapshot, '$.payment_method')}} AS payment_method,
       {{once CASE event_type WHEN 'order.status_changed' THEN JSON_VALUE(body, '$.old_status') END}} AS old_status,
       {{once JSON_VALUE(snapshot, '$.date')}} AS said_date
  FROM bodies;

CREATE VIEW dated AS
SELECT *, {{once {{micros_of said_date}}}} AS date_micros
  FROM fields;

-- An event that breaks a rule is no event: its id stays free. Here stand the rules that SQL can judge
-- at little cost, and those that keep PostgreSQL from refusing a row, which would stop the job. Of the
-- copies of an event the first counts.
CREATE VIEW first_copies AS
SELECT *
  FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY arrived) AS copy
      FROM (
        SELECT *, PROCTIME() AS arrived
          FROM dated
         WHERE micros BETWEEN 946684800000000 AND 4133980799999999
           AND micros <= (UNIX_TIMESTAMP() + {{max_future_seconds}}) * 1000000
           AND (said_date IS NULL OR date_micros BETWEEN 946684800000000 AND 4133980799999999)
           AND order_id >= 1
           AND CHAR_LENGTH(event_id) <= 100
           AND COALESCE(CHAR_LENGTH(order_status), 0) <= 50
           AND COALESCE(CHAR_LENGTH(payment_status), 0) <= 50
           AND COALESCE(CHAR_LENGTH(payment_method), 0) <= 50
           AND COALESCE(CHAR_LENGTH(old_status), 0) <= 50
           AND REGEXP(payload, '[}]\s*$')
           AND {{has_no_nul payload}}
           AND {{has_whole_surrogates payload}}
           AND CASE WHEN branch_id IS NOT NULL
                    THEN branch_id >= 1 AND total_price {{zero_total}} 0
                         AND order_status IS NOT NULL AND payment_status IS NOT NULL
                    WHEN event_type = 'order.status_changed' THEN order_status IS NOT NULL
                    WHEN event_type = 'order.payment_status_changed'
                    THEN payment_status IS NOT NULL
                    ELSE FALSE END))
 WHERE copy = 1;

-- sort_key puts the events of an order in the order in which they count: by time, rank of the type,
-- id; as texts, so that what the last one wrote is at the end of MAX(sort_key || value).
CREATE VIEW events AS
SELECT payload, kafka_topic, kafka_partition, kafka_offset, event_type, event_id, micros, snapshot,
       order_id, user_id, branch_id, total_price, order_status, payment_status, payment_method,
       old_status, date_micros,
       {{once LPAD(CAST(micros AS STRING), 16, '0') || CASE event_type WHEN 'order.created' THEN '0' WHEN 'order.updated' THEN '1' WHEN 'order.payment_status_changed' THEN '2' WHEN 'order.status_changed' THEN '3' ELSE '4' END || event_id || CHR(1)}} AS sort_key,
       {{once LPAD(CAST(micros AS STRING), 16, '0') || event_id || CHR(1)}} AS change_key
  FROM first_copies;
