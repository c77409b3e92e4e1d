-- The pipeline's own books: which migrations ran, how far each sink lane is, where every Kafka
-- offset went, and under which settings the tables were made (docs/contract.md §3, Bookkeeping).
--
-- {schema} is the quoted name of the target schema; nothing here relies on search_path. The file
-- may be run again at any time and then changes nothing.

-- Not CREATE SCHEMA IF NOT EXISTS: that asks for the right to create schemas even where it exists.
DO $migration$
BEGIN
  IF to_regnamespace($name${schema}$name$) IS NULL THEN
    CREATE SCHEMA {schema};
  END IF;
END
$migration$;

CREATE TABLE IF NOT EXISTS {schema}.schema_migrations (
  version    BIGINT      NOT NULL,
  name       TEXT        NOT NULL,
  applied_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (version)
);

COMMENT ON TABLE {schema}.schema_migrations IS
  'One row per migration of this schema that has run. lensart init writes it; lensart run refuses a schema whose highest version is not the one it knows.';
COMMENT ON COLUMN {schema}.schema_migrations.version IS
  'Number of the migration, from 1 without gaps: the first four digits of its file name.';
COMMENT ON COLUMN {schema}.schema_migrations.name IS
  'File name of the migration without its suffix, for example 0001_bookkeeping.';
COMMENT ON COLUMN {schema}.schema_migrations.applied_at IS
  'When the migration ran here for the first time.';

-- One row is rewritten with every epoch: the free space keeps those updates on its page.
CREATE TABLE IF NOT EXISTS {schema}.pipeline_epochs (
  pipeline    TEXT        NOT NULL,
  lane        INTEGER     NOT NULL,
  lanes       INTEGER     NOT NULL,
  epoch       BIGINT      NOT NULL,
  epoch_id    BYTEA       NOT NULL,
  incarnation BYTEA       NOT NULL,
  offsets     JSONB       NOT NULL,
  watermark   TIMESTAMPTZ,
  timer_clock TIMESTAMPTZ,
  applied_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT pipeline_epochs_pkey PRIMARY KEY (pipeline, lane),
  CONSTRAINT pipeline_epochs_lane CHECK (lane >= 0 AND lane < lanes),
  CONSTRAINT pipeline_epochs_epoch CHECK (epoch >= 0),
  CONSTRAINT pipeline_epochs_epoch_id CHECK (octet_length(epoch_id) = 16),
  CONSTRAINT pipeline_epochs_incarnation CHECK (octet_length(incarnation) = 16)
) WITH (fillfactor = 20);

COMMENT ON TABLE {schema}.pipeline_epochs IS
  'How far the tables are: one row per pipeline and sink lane, moved on in the same transaction as the rows of the epoch. When all lanes of a pipeline name the same epoch, the tables are exactly the fold of the events up to its offsets. Do not edit: the pipeline compares it with its own state and refuses to start when they disagree (docs/contract.md §3, §5).';
COMMENT ON COLUMN {schema}.pipeline_epochs.pipeline IS
  'Name of the pipeline (pipeline.name in its configuration).';
COMMENT ON COLUMN {schema}.pipeline_epochs.lane IS
  'Number of the sink lane, from 0. Each lane writes its share of the tables in transactions of its own.';
COMMENT ON COLUMN {schema}.pipeline_epochs.lanes IS
  'How many lanes the pipeline writes with; the same in all of its rows.';
COMMENT ON COLUMN {schema}.pipeline_epochs.epoch IS
  'Number of the last epoch this lane has applied; 0 before the first.';
COMMENT ON COLUMN {schema}.pipeline_epochs.epoch_id IS
  'Chained id of that epoch, 16 bytes: a hash over its predecessor''s id, the run, its offsets and its changes. Two states that diverged never share one.';
COMMENT ON COLUMN {schema}.pipeline_epochs.incarnation IS
  'Random 16 bytes drawn at each start of the pipeline. Only the start whose bytes stand here may write.';
COMMENT ON COLUMN {schema}.pipeline_epochs.offsets IS
  'Kafka positions of that epoch by topic and partition: the next offset to be read. Everything before them is in the tables.';
COMMENT ON COLUMN {schema}.pipeline_epochs.watermark IS
  'Data watermark when the epoch was closed, an instant of event time; it never goes back. NULL while it is still at minus infinity (docs/contract.md §4).';
COMMENT ON COLUMN {schema}.pipeline_epochs.timer_clock IS
  'Timer clock when the epoch was closed: up to here timers have fired. NULL while it is still at minus infinity (docs/contract.md §4).';
COMMENT ON COLUMN {schema}.pipeline_epochs.applied_at IS
  'When the epoch was written here (the server''s clock).';

-- The guard that stands first in every lane's transaction. It raises instead of answering, so that
-- nothing the client has already sent behind it in the pipeline can commit.
CREATE OR REPLACE FUNCTION {schema}.pipeline_advance(
  p_pipeline    TEXT,
  p_lane        INTEGER,
  p_incarnation BYTEA,
  p_from_id     BYTEA,
  p_epoch       BIGINT,
  p_to_id       BYTEA,
  p_offsets     JSONB,
  p_watermark   TIMESTAMPTZ,
  p_timer_clock TIMESTAMPTZ
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
  stands {schema}.pipeline_epochs%ROWTYPE;
BEGIN
  -- Waits for whoever holds the row and then judges what that one left behind.
  SELECT * INTO stands FROM {schema}.pipeline_epochs e
   WHERE e.pipeline = p_pipeline AND e.lane = p_lane FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'fenced: pipeline % has no row for lane % in pipeline_epochs', p_pipeline,
      p_lane USING ERRCODE = 'LA001';
  END IF;
  IF stands.incarnation IS DISTINCT FROM p_incarnation THEN
    RAISE EXCEPTION 'fenced: lane % of pipeline % belongs to incarnation %, not to %', p_lane,
      p_pipeline, encode(stands.incarnation, 'hex'), coalesce(encode(p_incarnation, 'hex'), 'none')
      USING ERRCODE = 'LA001';
  END IF;
  IF stands.epoch_id IS DISTINCT FROM p_from_id THEN
    RAISE EXCEPTION 'lane % of pipeline % stands at epoch % (%), not at %', p_lane, p_pipeline,
      stands.epoch, encode(stands.epoch_id, 'hex'), coalesce(encode(p_from_id, 'hex'), 'none')
      USING ERRCODE = 'LA002';
  END IF;
  UPDATE {schema}.pipeline_epochs e
     SET epoch = p_epoch, epoch_id = p_to_id, offsets = p_offsets, watermark = p_watermark,
         timer_clock = p_timer_clock, applied_at = clock_timestamp()
   WHERE e.pipeline = p_pipeline AND e.lane = p_lane;
END
$function$;

COMMENT ON FUNCTION {schema}.pipeline_advance(
  TEXT, INTEGER, BYTEA, BYTEA, BIGINT, BYTEA, JSONB, TIMESTAMPTZ, TIMESTAMPTZ) IS
  'Moves a lane of a pipeline from one epoch to a later one, or raises: LA001 when the caller has been fenced (another incarnation owns the lane, or its row is gone), LA002 when the lane does not stand where the caller believes. For the pipeline only.';

CREATE TABLE IF NOT EXISTS {schema}.pipeline_accounts (
  pipeline      TEXT        NOT NULL,
  topic         TEXT        NOT NULL,
  partition     BIGINT      NOT NULL,
  minute        TIMESTAMPTZ NOT NULL,
  first_offset  BIGINT      NOT NULL,
  last_offset   BIGINT      NOT NULL,
  consumed      BIGINT      NOT NULL DEFAULT 0,
  accepted      BIGINT      NOT NULL DEFAULT 0,
  duplicate     BIGINT      NOT NULL DEFAULT 0,
  ignored       BIGINT      NOT NULL DEFAULT 0,
  dead_lettered BIGINT      NOT NULL DEFAULT 0,
  skipped       BIGINT      NOT NULL DEFAULT 0,
  CONSTRAINT pipeline_accounts_pkey PRIMARY KEY (pipeline, topic, partition, minute),
  CONSTRAINT pipeline_accounts_identity
    CHECK (consumed = accepted + duplicate + ignored + dead_lettered),
  CONSTRAINT pipeline_accounts_not_negative
    CHECK (partition >= 0 AND first_offset >= 0 AND last_offset >= 0 AND consumed >= 0 AND
           accepted >= 0 AND duplicate >= 0 AND ignored >= 0 AND dead_lettered >= 0 AND
           skipped >= 0)
) WITH (fillfactor = 70);

COMMENT ON TABLE {schema}.pipeline_accounts IS
  'Where every Kafka offset went: one row per pipeline, partition and minute of reading, added to by each epoch. Always consumed = accepted + duplicate + ignored + dead_lettered. After 30 days the minutes of a day are folded into one row (docs/contract.md §3, §5).';
COMMENT ON COLUMN {schema}.pipeline_accounts.pipeline IS
  'Name of the pipeline (pipeline.name in its configuration).';
COMMENT ON COLUMN {schema}.pipeline_accounts.topic IS
  'Kafka topic the records were read from.';
COMMENT ON COLUMN {schema}.pipeline_accounts.partition IS
  'Partition of the topic, from 0.';
COMMENT ON COLUMN {schema}.pipeline_accounts.minute IS
  'Start of the minute in which the records were read; of the UTC day, once folded.';
COMMENT ON COLUMN {schema}.pipeline_accounts.first_offset IS
  'Lowest offset the row accounts for.';
COMMENT ON COLUMN {schema}.pipeline_accounts.last_offset IS
  'Highest offset the row accounts for (inclusive).';
COMMENT ON COLUMN {schema}.pipeline_accounts.consumed IS
  'Records read: the sum of the next four columns.';
COMMENT ON COLUMN {schema}.pipeline_accounts.accepted IS
  'Records that became an event: each has a row in orders_raw. Events that are too late, or one of whose rows PostgreSQL refused, count here only, although they also have a dead letter.';
COMMENT ON COLUMN {schema}.pipeline_accounts.duplicate IS
  'Records whose event_id had been accepted before; they change nothing.';
COMMENT ON COLUMN {schema}.pipeline_accounts.ignored IS
  'Records of order-events whose event_type is none of the five of the contract, test.connection for example.';
COMMENT ON COLUMN {schema}.pipeline_accounts.dead_lettered IS
  'Records that broke a rule and stand in dead_letters (until retention removes them there).';
COMMENT ON COLUMN {schema}.pipeline_accounts.skipped IS
  'Offsets that were passed over unread because the topic no longer had them and the operator said so (run --accept-gap). Not part of consumed.';

CREATE TABLE IF NOT EXISTS {schema}.pipeline_settings (
  pipeline    TEXT        NOT NULL,
  settings    JSONB       NOT NULL,
  fingerprint TEXT        NOT NULL,
  updated_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT pipeline_settings_pkey PRIMARY KEY (pipeline)
);

COMMENT ON TABLE {schema}.pipeline_settings IS
  'The settings under which the tables were made, one row per pipeline, so that SQL can apply the same rules: views and the audit read them from here.';
COMMENT ON COLUMN {schema}.pipeline_settings.pipeline IS
  'Name of the pipeline (pipeline.name in its configuration).';
COMMENT ON COLUMN {schema}.pipeline_settings.settings IS
  'JSON object of the effective settings that enter a table, by their names in section [pipeline]: time_zone (IANA name), status_map and payment_map (text to column), gaps, lateness and so on.';
COMMENT ON COLUMN {schema}.pipeline_settings.fingerprint IS
  'Hash over settings. The pipeline refuses to start with other settings until the tables are rebuilt.';
COMMENT ON COLUMN {schema}.pipeline_settings.updated_at IS
  'When the row was last written.';

INSERT INTO {schema}.schema_migrations (version, name) VALUES (1, '0001_bookkeeping')
ON CONFLICT (version) DO NOTHING;
