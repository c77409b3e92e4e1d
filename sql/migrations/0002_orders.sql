-- The main job's tables: the log of accepted events, the orders and their lines folded from it, and
-- the dead letters (docs/contract.md §3).
--
-- Defaults say now(), not clock_timestamp(): a volatile default makes COPY insert row by row.
-- Texts are Unicode NFC; event_id sorts by its UTF-8 bytes, hence its collation.

CREATE TABLE IF NOT EXISTS {schema}.orders_raw (
  id              BIGINT GENERATED ALWAYS AS IDENTITY,
  event_id        VARCHAR(100) COLLATE "C" NOT NULL,
  event_type      VARCHAR(50)  NOT NULL,
  order_id        BIGINT       NOT NULL,
  user_id         BIGINT,
  branch_id       BIGINT,
  total_price     DECIMAL(15,2),
  order_status    VARCHAR(50),
  payment_status  VARCHAR(50),
  payment_method  VARCHAR(50),
  event_data      JSONB        NOT NULL,
  event_timestamp TIMESTAMPTZ  NOT NULL,
  kafka_topic     TEXT         NOT NULL,
  kafka_partition BIGINT       NOT NULL,
  kafka_offset    BIGINT       NOT NULL,
  too_late        BOOLEAN      NOT NULL DEFAULT false,
  processed_at    TIMESTAMPTZ  NOT NULL DEFAULT now(),
  CONSTRAINT orders_raw_pkey PRIMARY KEY (id),
  CONSTRAINT orders_raw_event_id_key UNIQUE (event_id)
);

CREATE INDEX IF NOT EXISTS orders_raw_order_id_idx ON {schema}.orders_raw (order_id);
CREATE INDEX IF NOT EXISTS orders_raw_event_type_idx ON {schema}.orders_raw (event_type);
CREATE INDEX IF NOT EXISTS orders_raw_event_timestamp_idx ON {schema}.orders_raw (event_timestamp);
CREATE INDEX IF NOT EXISTS orders_raw_processed_at_idx ON {schema}.orders_raw (processed_at);
-- Serves @>, @? and @@ at two thirds of the cost of the default operator class, which adds only ?.
CREATE INDEX IF NOT EXISTS orders_raw_event_data_idx
  ON {schema}.orders_raw USING gin (event_data jsonb_path_ops);

COMMENT ON TABLE {schema}.orders_raw IS
  'The log: one row per accepted event of the five order types, never changed afterwards but for too_late. Every other table is a pure function of these rows; lensart verify proves it (docs/contract.md §3, §5).';
COMMENT ON COLUMN {schema}.orders_raw.id IS
  'Surrogate key in order of writing. It means nothing and differs from run to run.';
COMMENT ON COLUMN {schema}.orders_raw.event_id IS
  'The event''s own id, unique over all orders, types and topics; where the producer gave none, hash_ and the SHA-256 of the payload in hexadecimal.';
COMMENT ON COLUMN {schema}.orders_raw.event_type IS
  'order.created, order.updated, order.cancelled, order.status_changed or order.payment_status_changed.';
COMMENT ON COLUMN {schema}.orders_raw.order_id IS
  'The order the event is about.';
COMMENT ON COLUMN {schema}.orders_raw.user_id IS
  'Customer in the event''s order snapshot. NULL without a snapshot or for a walk-in customer.';
COMMENT ON COLUMN {schema}.orders_raw.branch_id IS
  'Branch in the event''s order snapshot. NULL exactly when the event carries no snapshot.';
COMMENT ON COLUMN {schema}.orders_raw.total_price IS
  'Total of the order in the event''s snapshot, in the currency of the shop (dong). NULL exactly when the event carries no snapshot.';
COMMENT ON COLUMN {schema}.orders_raw.order_status IS
  'The status the event writes: new_status of a status_changed, ''Đã hủy'' for a cancelled, else the snapshot''s. NULL for a payment_status_changed without snapshot: it writes none.';
COMMENT ON COLUMN {schema}.orders_raw.payment_status IS
  'The payment status the event writes: new_payment_status of a payment_status_changed, else the snapshot''s. NULL for a status_changed without snapshot: it writes none.';
COMMENT ON COLUMN {schema}.orders_raw.payment_method IS
  'Payment method in the event''s snapshot. NULL without a snapshot or where the snapshot has none.';
COMMENT ON COLUMN {schema}.orders_raw.event_data IS
  'The whole payload as it came, as a JSON value (JSONB keeps neither order, spacing nor the spelling of numbers). Not normalised.';
COMMENT ON COLUMN {schema}.orders_raw.event_timestamp IS
  'The event''s time by its own payload, to the microsecond; where that has no offset it is in the business time zone.';
COMMENT ON COLUMN {schema}.orders_raw.kafka_topic IS
  'Topic of the record the event came in; of the original record, for a replayed one.';
COMMENT ON COLUMN {schema}.orders_raw.kafka_partition IS
  'Partition of that record, from 0.';
COMMENT ON COLUMN {schema}.orders_raw.kafka_offset IS
  'Offset of that record in its partition.';
COMMENT ON COLUMN {schema}.orders_raw.too_late IS
  'True when the event came after the watermark less the allowed lateness. It counts in every table but the metrics, and it also is a dead letter of code too_late. A replay clears it (docs/contract.md §4).';
COMMENT ON COLUMN {schema}.orders_raw.processed_at IS
  'When the row was written (start of the transaction, the server''s clock). Not part of the pure function.';

CREATE TABLE IF NOT EXISTS {schema}.orders_processed (
  id             BIGINT GENERATED ALWAYS AS IDENTITY,
  order_id       BIGINT        NOT NULL,
  user_id        BIGINT,
  user_name      VARCHAR(255),
  user_email     VARCHAR(255),
  branch_id      BIGINT        NOT NULL,
  branch_name    VARCHAR(255),
  branch_address TEXT,
  order_date     TIMESTAMPTZ,
  address        TEXT,
  note           TEXT,
  coupon_id      BIGINT,
  total_price    DECIMAL(15,2) NOT NULL,
  order_status   VARCHAR(50)   NOT NULL,
  payment_status VARCHAR(50)   NOT NULL,
  payment_method VARCHAR(50),
  items_count    BIGINT        NOT NULL,
  created_at     TIMESTAMPTZ   NOT NULL,
  updated_at     TIMESTAMPTZ   NOT NULL,
  CONSTRAINT orders_processed_pkey PRIMARY KEY (id),
  CONSTRAINT orders_processed_order_id_key UNIQUE (order_id),
  CONSTRAINT orders_processed_total_price_check CHECK (total_price >= 0),
  CONSTRAINT orders_processed_items_count_check CHECK (items_count >= 0)
) WITH (fillfactor = 70);

CREATE INDEX IF NOT EXISTS orders_processed_branch_id_order_date_idx
  ON {schema}.orders_processed (branch_id, order_date);
CREATE INDEX IF NOT EXISTS orders_processed_user_id_idx ON {schema}.orders_processed (user_id);
CREATE INDEX IF NOT EXISTS orders_processed_order_status_idx
  ON {schema}.orders_processed (order_status);
CREATE INDEX IF NOT EXISTS orders_processed_payment_status_idx
  ON {schema}.orders_processed (payment_status);
CREATE INDEX IF NOT EXISTS orders_processed_updated_at_idx
  ON {schema}.orders_processed (updated_at);

COMMENT ON TABLE {schema}.orders_processed IS
  'Every order in its current state: one row per order of which at least one event carried a snapshot. Events count by (timestamp, rank of the type, event_id), and the last writer wins, separately for the snapshot''s columns, for order_status and for payment_status (docs/contract.md §3).';
COMMENT ON COLUMN {schema}.orders_processed.id IS
  'Surrogate key. It means nothing and differs from run to run.';
COMMENT ON COLUMN {schema}.orders_processed.order_id IS
  'The order''s id in the shop; unique here.';
COMMENT ON COLUMN {schema}.orders_processed.user_id IS
  'Customer, by the latest snapshot. NULL for a walk-in customer.';
COMMENT ON COLUMN {schema}.orders_processed.user_name IS
  'The customer''s name in the latest snapshot. NULL where it has none.';
COMMENT ON COLUMN {schema}.orders_processed.user_email IS
  'The customer''s email address in the latest snapshot. NULL where it has none.';
COMMENT ON COLUMN {schema}.orders_processed.branch_id IS
  'Branch that sold the order, by the latest snapshot.';
COMMENT ON COLUMN {schema}.orders_processed.branch_name IS
  'The branch''s name in the latest snapshot. NULL where it has none.';
COMMENT ON COLUMN {schema}.orders_processed.branch_address IS
  'The branch''s address in the latest snapshot. NULL where it has none.';
COMMENT ON COLUMN {schema}.orders_processed.order_date IS
  'When the order was placed: date in the latest snapshot; without an offset it is in the business time zone. NULL where the snapshot has no date.';
COMMENT ON COLUMN {schema}.orders_processed.address IS
  'Delivery address in the latest snapshot. NULL where it has none.';
COMMENT ON COLUMN {schema}.orders_processed.note IS
  'The customer''s note in the latest snapshot. NULL where it has none.';
COMMENT ON COLUMN {schema}.orders_processed.coupon_id IS
  'Coupon used, by the latest snapshot. NULL without one.';
COMMENT ON COLUMN {schema}.orders_processed.total_price IS
  'Total of the order in the latest snapshot, in the currency of the shop (dong).';
COMMENT ON COLUMN {schema}.orders_processed.order_status IS
  'Current status. Written by created and updated and by a payment_status_changed with snapshot (the snapshot''s), by status_changed (new_status) and by cancelled (''Đã hủy''); a later event takes a cancellation back.';
COMMENT ON COLUMN {schema}.orders_processed.payment_status IS
  'Current payment status. Written by every snapshot, but by payment_status_changed always with new_payment_status.';
COMMENT ON COLUMN {schema}.orders_processed.payment_method IS
  'Payment method in the latest snapshot, as spelt there. NULL where it has none.';
COMMENT ON COLUMN {schema}.orders_processed.items_count IS
  'Pieces in the order: the sum of quantity over the latest snapshot''s lines; 0 without lines.';
COMMENT ON COLUMN {schema}.orders_processed.created_at IS
  'Timestamp of the earliest order.created, or of the earliest event if there is no such.';
COMMENT ON COLUMN {schema}.orders_processed.updated_at IS
  'Timestamp of the latest event of any type. Event time, not the time of writing.';

CREATE TABLE IF NOT EXISTS {schema}.order_items_analytics (
  id           BIGINT GENERATED ALWAYS AS IDENTITY,
  order_id     BIGINT        NOT NULL,
  product_id   BIGINT        NOT NULL,
  product_name VARCHAR(255),
  color        VARCHAR(50),
  quantity     BIGINT        NOT NULL,
  unit_price   DECIMAL(15,2) NOT NULL,
  total_price  DECIMAL(15,2) NOT NULL,
  order_date   DATE,
  branch_id    BIGINT        NOT NULL,
  created_at   TIMESTAMPTZ   NOT NULL DEFAULT now(),
  CONSTRAINT order_items_analytics_pkey PRIMARY KEY (id),
  CONSTRAINT order_items_analytics_order_id_fkey FOREIGN KEY (order_id)
    REFERENCES {schema}.orders_processed (order_id) ON DELETE CASCADE,
  CONSTRAINT order_items_analytics_quantity_check CHECK (quantity > 0),
  CONSTRAINT order_items_analytics_unit_price_check CHECK (unit_price >= 0),
  CONSTRAINT order_items_analytics_total_price_check CHECK (total_price >= 0)
);

-- An order's lines are replaced as a whole: both that and the cascade look them up by order.
CREATE INDEX IF NOT EXISTS order_items_analytics_order_id_idx
  ON {schema}.order_items_analytics (order_id);

COMMENT ON TABLE {schema}.order_items_analytics IS
  'The lines of each order''s latest snapshot, a bag: two equal lines are two rows. A line that leaves the order leaves this table; cancelled orders keep their lines (docs/contract.md §3).';
COMMENT ON COLUMN {schema}.order_items_analytics.id IS
  'Surrogate key. It means nothing, and an order''s lines get new ones whenever they are replaced.';
COMMENT ON COLUMN {schema}.order_items_analytics.order_id IS
  'The order the line belongs to.';
COMMENT ON COLUMN {schema}.order_items_analytics.product_id IS
  'Product sold.';
COMMENT ON COLUMN {schema}.order_items_analytics.product_name IS
  'The product''s name as the line has it. NULL where it has none.';
COMMENT ON COLUMN {schema}.order_items_analytics.color IS
  'Colour chosen. NULL where the line has none.';
COMMENT ON COLUMN {schema}.order_items_analytics.quantity IS
  'Pieces, at least 1.';
COMMENT ON COLUMN {schema}.order_items_analytics.unit_price IS
  'Price of one piece: price of the line if it has one, else total_price / quantity rounded to 2 decimals, half away from zero.';
COMMENT ON COLUMN {schema}.order_items_analytics.total_price IS
  'Price of the whole line, in the currency of the shop (dong).';
COMMENT ON COLUMN {schema}.order_items_analytics.order_date IS
  'Calendar day on which the order was placed, in the business time zone. NULL where the snapshot has no date.';
COMMENT ON COLUMN {schema}.order_items_analytics.branch_id IS
  'Branch that sold the order.';
COMMENT ON COLUMN {schema}.order_items_analytics.created_at IS
  'When the row was written (start of the transaction, the server''s clock). Not part of the pure function.';

CREATE TABLE IF NOT EXISTS {schema}.dead_letters (
  code        VARCHAR(50)   NOT NULL,
  message     VARCHAR(1000) NOT NULL,
  field       VARCHAR(255)  NOT NULL,
  topic       TEXT          NOT NULL,
  partition   BIGINT        NOT NULL,
  "offset"    BIGINT        NOT NULL,
  event_id    VARCHAR(100) COLLATE "C",
  order_id    BIGINT,
  payload     BYTEA,
  occurred_at TIMESTAMPTZ   NOT NULL DEFAULT now(),
  sent_at     TIMESTAMPTZ,
  replayed_at TIMESTAMPTZ,
  CONSTRAINT dead_letters_pkey PRIMARY KEY (topic, partition, "offset", code, field)
);

-- What is still to be sent to the topic is looked up after every epoch and is nearly always empty.
CREATE INDEX IF NOT EXISTS dead_letters_unsent_idx
  ON {schema}.dead_letters (topic, partition, "offset") WHERE sent_at IS NULL;
-- For retention, which goes by age.
CREATE INDEX IF NOT EXISTS dead_letters_occurred_at_idx ON {schema}.dead_letters (occurred_at);

COMMENT ON TABLE {schema}.dead_letters IS
  'Records that broke a rule of acceptance, with the first rule they broke; besides, accepted events that came too late (code too_late) or one of whose rows PostgreSQL refused (sink_rejected). Sent on to the dead letter topic; kept 30 days unless configured otherwise (docs/contract.md §2, §3).';
COMMENT ON COLUMN {schema}.dead_letters.code IS
  'The rule: too_large, bad_json, missing_field, bad_type, wrong_topic, bad_timestamp, timestamp_in_future, bad_id, bad_price, bad_quantity, field_too_long, nul_in_text, expired_order, too_late or sink_rejected.';
COMMENT ON COLUMN {schema}.dead_letters.message IS
  'What is wrong, in words: field, value and remedy. At most 1 000 characters; U+0000 shown as U+FFFD.';
COMMENT ON COLUMN {schema}.dead_letters.field IS
  'Path of the first field that broke the rule, as in data.order_details[2].quantity (counted from 0); empty where no single field did. For sink_rejected the refused table and key. At most 255 characters.';
COMMENT ON COLUMN {schema}.dead_letters.topic IS
  'Topic of the record; of the original record, for a replayed one.';
COMMENT ON COLUMN {schema}.dead_letters.partition IS
  'Partition of the record, from 0.';
COMMENT ON COLUMN {schema}.dead_letters."offset" IS
  'Offset of the record in its partition. (A reserved word: write it in double quotes.)';
COMMENT ON COLUMN {schema}.dead_letters.event_id IS
  'The record''s event_id, cut to 100 characters. NULL where it is absent, not a text or there twice, and for too_large and bad_json.';
COMMENT ON COLUMN {schema}.dead_letters.order_id IS
  'The record''s order id. NULL where it is absent, no valid id or there twice, and for too_large and bad_json.';
COMMENT ON COLUMN {schema}.dead_letters.payload IS
  'The record''s value, byte for byte. NULL for a record without a value. convert_from(payload, ''UTF8'') shows it when it is valid text.';
COMMENT ON COLUMN {schema}.dead_letters.occurred_at IS
  'When the record was refused (wall clock).';
COMMENT ON COLUMN {schema}.dead_letters.sent_at IS
  'When the dead letter topic acknowledged the letter. NULL until then; such rows are never removed by retention.';
COMMENT ON COLUMN {schema}.dead_letters.replayed_at IS
  'When the letter was sent again through the replay topic (lensart dlq replay). NULL if never.';

INSERT INTO {schema}.schema_migrations (version, name) VALUES (2, '0002_orders')
ON CONFLICT (version) DO NOTHING;
