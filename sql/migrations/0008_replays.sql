-- Replays: the letters whose records were accepted after all; and old accounts folded into days
-- (docs/contract.md §3, §6).

-- What replayed_at of dead_letters cannot be: kept for as long as orders_raw is, so that the books
-- and the log agree when the letter is long gone.
CREATE TABLE IF NOT EXISTS {schema}.pipeline_replays (
  topic            TEXT        NOT NULL,
  partition        BIGINT      NOT NULL,
  "offset"         BIGINT      NOT NULL,
  event_id         VARCHAR(100) COLLATE "C" NOT NULL,
  too_late         BOOLEAN     NOT NULL,
  replay_topic     TEXT        NOT NULL,
  replay_partition BIGINT      NOT NULL,
  replay_offset    BIGINT      NOT NULL,
  replayed_at      TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT pipeline_replays_pkey PRIMARY KEY (topic, partition, "offset")
);

COMMENT ON TABLE {schema}.pipeline_replays IS
  'The dead letters that were replayed and accepted, one row each, kept for good: the row of orders_raw has the coordinates of the original record, whose own account says dead_lettered, and the account of the replay says accepted (docs/contract.md §3, §6).';
COMMENT ON COLUMN {schema}.pipeline_replays.topic IS
  'Topic of the original record.';
COMMENT ON COLUMN {schema}.pipeline_replays.partition IS
  'Partition of the original record, from 0.';
COMMENT ON COLUMN {schema}.pipeline_replays."offset" IS
  'Offset of the original record in its partition. (A reserved word: write it in double quotes.)';
COMMENT ON COLUMN {schema}.pipeline_replays.event_id IS
  'The event it became: event_id of its row in orders_raw.';
COMMENT ON COLUMN {schema}.pipeline_replays.too_late IS
  'True: the event had been accepted too late and counts in the metrics since; its replay counts as a duplicate. False: the record had been refused and is accepted since.';
COMMENT ON COLUMN {schema}.pipeline_replays.replay_topic IS
  'Topic that the replay went through.';
COMMENT ON COLUMN {schema}.pipeline_replays.replay_partition IS
  'Partition of the replay.';
COMMENT ON COLUMN {schema}.pipeline_replays.replay_offset IS
  'Offset of the replay: of the first one that was accepted.';
COMMENT ON COLUMN {schema}.pipeline_replays.replayed_at IS
  'When the row was written (start of the transaction, the server''s clock).';

COMMENT ON COLUMN {schema}.dead_letters.replayed_at IS
  'When a replay of the letter (lensart dlq replay) was accepted. NULL if none was.';

CREATE OR REPLACE FUNCTION {schema}.record_replays(
  p_topic            TEXT[],
  p_partition        BIGINT[],
  p_offset           BIGINT[],
  p_event_id         TEXT[],
  p_too_late         BOOLEAN[],
  p_replay_topic     TEXT[],
  p_replay_partition BIGINT[],
  p_replay_offset    BIGINT[]
) RETURNS void LANGUAGE sql VOLATILE AS $function$
  INSERT INTO {schema}.pipeline_replays (topic, partition, "offset", event_id, too_late,
                                         replay_topic, replay_partition, replay_offset)
  SELECT * FROM unnest(p_topic, p_partition, p_offset, p_event_id, p_too_late, p_replay_topic,
                       p_replay_partition, p_replay_offset)
  ON CONFLICT (topic, partition, "offset") DO NOTHING;
  UPDATE {schema}.orders_raw r SET too_late = false
    FROM unnest(p_event_id, p_too_late) AS s (event_id, too_late)
   WHERE s.too_late AND r.event_id = s.event_id AND r.too_late;
  UPDATE {schema}.dead_letters d SET replayed_at = now()
    FROM unnest(p_topic, p_partition, p_offset) AS s (topic, partition, "offset")
   WHERE d.topic = s.topic AND d.partition = s.partition AND d."offset" = s."offset"
     AND d.code <> 'sink_rejected' AND d.replayed_at IS NULL;
$function$;

COMMENT ON FUNCTION {schema}.record_replays(
  TEXT[], BIGINT[], BIGINT[], TEXT[], BOOLEAN[], TEXT[], BIGINT[], BIGINT[]) IS
  'Notes replays that were accepted: their rows in pipeline_replays, replayed_at of their letters, and too_late of events that count from now on. Idempotent. For the pipeline only.';

-- Rows still to be folded; a day's own row stands at its beginning.
CREATE INDEX IF NOT EXISTS pipeline_accounts_minutes_idx ON {schema}.pipeline_accounts
  (pipeline, minute)
  WHERE minute <> date_trunc('day', minute AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';

CREATE OR REPLACE FUNCTION {schema}.fold_accounts(
  p_pipeline TEXT,
  p_keep     INTERVAL,
  p_days     INTEGER DEFAULT 2
) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
  today  TIMESTAMPTZ := date_trunc('day', (clock_timestamp() - p_keep) AT TIME ZONE 'UTC')
                        AT TIME ZONE 'UTC';
  oldest TIMESTAMPTZ;
  more   BIGINT;
  folded BIGINT := 0;
BEGIN
  FOR i IN 1 .. p_days LOOP
    SELECT date_trunc('day', min(minute) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' INTO oldest
      FROM {schema}.pipeline_accounts
     WHERE pipeline = p_pipeline AND minute < today
       AND minute <> date_trunc('day', minute AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    EXIT WHEN oldest IS NULL;
    WITH minutes AS (
      DELETE FROM {schema}.pipeline_accounts
       WHERE pipeline = p_pipeline AND minute > oldest AND minute < oldest + interval '24 hours'
      RETURNING *
    ), days AS (
      INSERT INTO {schema}.pipeline_accounts AS t (
        pipeline, topic, partition, minute, first_offset, last_offset, consumed, accepted,
        duplicate, ignored, dead_lettered, skipped)
      SELECT pipeline, topic, partition, oldest, min(first_offset), max(last_offset),
             sum(consumed), sum(accepted), sum(duplicate), sum(ignored), sum(dead_lettered),
             sum(skipped)
        FROM minutes GROUP BY pipeline, topic, partition
      ON CONFLICT (pipeline, topic, partition, minute) DO UPDATE SET
        first_offset = least(t.first_offset, excluded.first_offset),
        last_offset = greatest(t.last_offset, excluded.last_offset),
        consumed = t.consumed + excluded.consumed,
        accepted = t.accepted + excluded.accepted,
        duplicate = t.duplicate + excluded.duplicate,
        ignored = t.ignored + excluded.ignored,
        dead_lettered = t.dead_lettered + excluded.dead_lettered,
        skipped = t.skipped + excluded.skipped
    )
    SELECT count(*) INTO more FROM minutes;
    folded := folded + more;
  END LOOP;
  RETURN folded;
END
$function$;

COMMENT ON FUNCTION {schema}.fold_accounts(TEXT, INTERVAL, INTEGER) IS
  'Folds the minutes of pipeline_accounts into one row per partition and UTC day, the oldest days first and at most p_days of them, for days that ended longer than p_keep ago. Sums stay as they are; idempotent. Returns the number of rows that went. For the pipeline, which calls it once an hour.';

-- The guard of 0001, which folds beside: in the owner's transaction, or not at all.
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
  -- Once an hour, by the lane that the accounts are written in.
  IF p_lane = 0 AND stands.applied_at < date_trunc('hour', clock_timestamp()) THEN
    PERFORM {schema}.fold_accounts(
      p_pipeline, nullif(current_setting('lensart.keep_accounts', true), '')::interval);
  END IF;
END
$function$;

INSERT INTO {schema}.schema_migrations (version, name) VALUES (8, '0008_replays')
ON CONFLICT (version) DO NOTHING;
