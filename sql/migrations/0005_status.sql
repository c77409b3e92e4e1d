-- The status job's tables: each change of an order's status, the sessions they fall into, and what
-- is odd about them (docs/contract.md §3); and how SQL reads the durations in pipeline_settings.
--
-- Sessions and anomalies do not wait for the order's snapshot, so they have no foreign key.

CREATE TABLE IF NOT EXISTS {schema}.order_status_history (
  id                      BIGINT GENERATED ALWAYS AS IDENTITY,
  order_id                BIGINT       NOT NULL,
  event_id                VARCHAR(100) COLLATE "C" NOT NULL,
  old_status              VARCHAR(50),
  new_status              VARCHAR(50)  NOT NULL,
  changed_at              TIMESTAMPTZ  NOT NULL,
  processing_time_seconds BIGINT,
  anomaly                 VARCHAR(50),
  session_id              BIGINT       NOT NULL,
  created_at              TIMESTAMPTZ  NOT NULL DEFAULT now(),
  CONSTRAINT order_status_history_pkey PRIMARY KEY (id),
  CONSTRAINT order_status_history_event_id_key UNIQUE (event_id),
  -- Also serves look-ups by order, the cascade among them.
  CONSTRAINT order_status_history_order_id_event_id_key UNIQUE (order_id, event_id),
  CONSTRAINT order_status_history_order_id_fkey FOREIGN KEY (order_id)
    REFERENCES {schema}.orders_processed (order_id) ON DELETE CASCADE,
  CONSTRAINT order_status_history_processing_time_check CHECK (processing_time_seconds >= 0),
  CONSTRAINT order_status_history_anomaly_check
    CHECK (anomaly IN ('unknown_status', 'after_terminal', 'backward', 'sequence_gap'))
);

CREATE INDEX IF NOT EXISTS order_status_history_changed_at_idx
  ON {schema}.order_status_history (changed_at);

COMMENT ON TABLE {schema}.order_status_history IS
  'Every change of status: one row per accepted order.status_changed whose order has a row in orders_processed; the others wait for it (v_orders_waiting). An order''s rows are sorted by (changed_at, event_id); one that arrives out of order is put in its place, and the rows it touches are written again (docs/contract.md §3).';
COMMENT ON COLUMN {schema}.order_status_history.id IS
  'Surrogate key. It means nothing and differs from run to run.';
COMMENT ON COLUMN {schema}.order_status_history.order_id IS
  'The order whose status changed.';
COMMENT ON COLUMN {schema}.order_status_history.event_id IS
  'The event that said so, as in orders_raw; unique here.';
COMMENT ON COLUMN {schema}.order_status_history.old_status IS
  'Status before the change, by the event''s own account. NULL where it gives none.';
COMMENT ON COLUMN {schema}.order_status_history.new_status IS
  'Status after the change.';
COMMENT ON COLUMN {schema}.order_status_history.changed_at IS
  'The event''s timestamp. Event time, not the time of writing.';
COMMENT ON COLUMN {schema}.order_status_history.processing_time_seconds IS
  'Whole seconds (cut) since the order''s row before this one; for its first row, since its earliest order.created, NULL if none is known or that is later.';
COMMENT ON COLUMN {schema}.order_status_history.anomaly IS
  'What is odd about the change, the first that applies: unknown_status (the map lacks new_status), after_terminal (the status before was terminal), backward (new_status ranks below the one before), sequence_gap (old_status is not the new_status of the row before). NULL if nothing is.';
COMMENT ON COLUMN {schema}.order_status_history.session_id IS
  'The session in order_status_sessions that the change belongs to.';
COMMENT ON COLUMN {schema}.order_status_history.created_at IS
  'When the row was written (start of the transaction, the server''s clock). Not part of the pure function.';

CREATE TABLE IF NOT EXISTS {schema}.order_status_sessions (
  order_id     BIGINT      NOT NULL,
  session_id   BIGINT      NOT NULL,
  started_at   TIMESTAMPTZ NOT NULL,
  ended_at     TIMESTAMPTZ NOT NULL,
  changes      BIGINT      NOT NULL,
  first_status VARCHAR(50) NOT NULL,
  last_status  VARCHAR(50) NOT NULL,
  CONSTRAINT order_status_sessions_pkey PRIMARY KEY (order_id, session_id),
  CONSTRAINT order_status_sessions_session_id_check
    CHECK (session_id = extract(epoch FROM started_at) * 1000000),
  CONSTRAINT order_status_sessions_ended_at_check CHECK (ended_at >= started_at),
  CONSTRAINT order_status_sessions_changes_check CHECK (changes >= 1)
) WITH (fillfactor = 70);

CREATE INDEX IF NOT EXISTS order_status_sessions_started_at_idx
  ON {schema}.order_status_sessions (started_at);

COMMENT ON TABLE {schema}.order_status_sessions IS
  'Bursts of work on an order: session windows over its order.status_changed events. A change belongs to the session of the one before it if it comes at most session_gap (30 minutes) later. Sessions merge when an event falls between two; they do not wait for a snapshot (docs/contract.md §3).';
COMMENT ON COLUMN {schema}.order_status_sessions.order_id IS
  'The order.';
COMMENT ON COLUMN {schema}.order_status_sessions.session_id IS
  'started_at in microseconds since 1970; unique within the order.';
COMMENT ON COLUMN {schema}.order_status_sessions.started_at IS
  'Timestamp of the session''s first change.';
COMMENT ON COLUMN {schema}.order_status_sessions.ended_at IS
  'Timestamp of the session''s last change; equal to started_at if it has only one.';
COMMENT ON COLUMN {schema}.order_status_sessions.changes IS
  'Changes of status in the session, at least 1.';
COMMENT ON COLUMN {schema}.order_status_sessions.first_status IS
  'new_status of the session''s first change.';
COMMENT ON COLUMN {schema}.order_status_sessions.last_status IS
  'new_status of the session''s last change.';

CREATE TABLE IF NOT EXISTS {schema}.order_anomalies (
  order_id    BIGINT      NOT NULL,
  kind        VARCHAR(50) NOT NULL,
  status      VARCHAR(50) COLLATE "C" NOT NULL,
  since       TIMESTAMPTZ NOT NULL,
  detected_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  resolved_at TIMESTAMPTZ,
  CONSTRAINT order_anomalies_pkey PRIMARY KEY (order_id, kind, status, since),
  CONSTRAINT order_anomalies_kind_check
    CHECK (kind IN ('unknown_status', 'after_terminal', 'backward', 'sequence_gap', 'stuck')),
  CONSTRAINT order_anomalies_resolved_at_check
    CHECK (resolved_at IS NULL OR (kind = 'stuck' AND resolved_at >= since))
);

-- What an operator asks first: which orders are stuck now, the longest first.
CREATE INDEX IF NOT EXISTS order_anomalies_unresolved_stuck_idx
  ON {schema}.order_anomalies (since) WHERE kind = 'stuck' AND resolved_at IS NULL;
CREATE INDEX IF NOT EXISTS order_anomalies_kind_since_idx
  ON {schema}.order_anomalies (kind, since);

COMMENT ON TABLE {schema}.order_anomalies IS
  'What is odd about orders: changes of status out of order, texts that the configured maps lack, orders whose status has not changed for stuck_after (24 hours). It does not wait for a snapshot; a row that a late event explains away disappears (docs/contract.md §3).';
COMMENT ON COLUMN {schema}.order_anomalies.order_id IS
  'The order.';
COMMENT ON COLUMN {schema}.order_anomalies.kind IS
  'sequence_gap, backward or after_terminal, as in order_status_history; unknown_status (an order status or payment method that its map lacks); stuck (no change of status for too long).';
COMMENT ON COLUMN {schema}.order_anomalies.status IS
  'The text in question: new_status of the odd change, the unknown status or payment method, or the status in which the order was stuck.';
COMMENT ON COLUMN {schema}.order_anomalies.since IS
  'changed_at of the odd change; the earliest event with the unknown text; the last change before the order was stuck.';
COMMENT ON COLUMN {schema}.order_anomalies.detected_at IS
  'When the row was written (start of the transaction, the server''s clock). Not part of the pure function.';
COMMENT ON COLUMN {schema}.order_anomalies.resolved_at IS
  'For stuck: the change that ended it; NULL while it lasts. NULL for every other kind.';

-- In microseconds, never in days: a day of an interval is a calendar day and may have 23 hours.
CREATE OR REPLACE FUNCTION {schema}.lensart_duration(value TEXT) RETURNS INTERVAL
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE WHEN value ~ '^([0-9]{1,12}(d|h|m|s|ms|us))+$' THEN
           (SELECT sum(term[1]::numeric
                       * CASE term[2] WHEN 'd' THEN 86400000000
                                      WHEN 'h' THEN 3600000000
                                      WHEN 'm' THEN 60000000
                                      WHEN 's' THEN 1000000
                                      WHEN 'ms' THEN 1000
                                      WHEN 'us' THEN 1 END)::double precision
                   * interval '1 microsecond'
              FROM regexp_matches(value, '([0-9]+)([a-z]+)', 'g') AS term)
         END
$function$;

COMMENT ON FUNCTION {schema}.lensart_duration(TEXT) IS
  'A duration as the configuration and pipeline_settings spell it: a sum of terms such as 400d, 24h, 30m, 1h30m, 5s, 10ms, 100us. NULL for unlimited and for anything else.';

INSERT INTO {schema}.schema_migrations (version, name) VALUES (5, '0005_status')
ON CONFLICT (version) DO NOTHING;
