-- order_status_history: the changes of an order's status in their order, each with the one before.
CREATE VIEW changes AS
SELECT order_id, event_id, micros, old_status, order_status AS new_status, change_key
  FROM events
 WHERE event_type = 'order.status_changed';

-- before_entry: change_key of the change before, then the status it set.
CREATE VIEW placed_changes AS
SELECT a.order_id, a.event_id, a.micros, a.old_status, a.new_status, a.change_key,
       MAX(CASE WHEN b.change_key < a.change_key THEN b.change_key || b.new_status END)
         AS before_entry
  FROM changes AS a
  JOIN changes AS b ON b.order_id = a.order_id AND b.change_key <= a.change_key
 GROUP BY a.order_id, a.event_id, a.micros, a.old_status, a.new_status, a.change_key;

CREATE VIEW judged_changes AS
SELECT order_id, event_id, micros, old_status, new_status, change_key, before_entry,
       CAST(SUBSTRING(before_entry, 1, 16) AS BIGINT) AS before_micros,
       CASE WHEN before_entry IS NULL THEN old_status
            ELSE SUBSTRING(before_entry, POSITION(CHR(1) IN before_entry) + 1) END AS from_status
  FROM placed_changes;

-- A session begins with a change that has none at most pipeline.session_gap before it.
CREATE VIEW session_starts AS
SELECT order_id, micros, change_key
  FROM judged_changes
 WHERE before_entry IS NULL OR micros - before_micros > {{session_gap_micros}};

CREATE VIEW changes_in_sessions AS
SELECT c.order_id, c.event_id, c.micros, c.old_status, c.new_status, c.before_entry,
       c.before_micros, c.from_status, MAX(s.micros) AS session_id
  FROM judged_changes AS c
  JOIN session_starts AS s ON s.order_id = c.order_id AND s.change_key <= c.change_key
 GROUP BY c.order_id, c.event_id, c.micros, c.old_status, c.new_status, c.before_entry,
          c.before_micros, c.from_status;

CREATE VIEW order_status_history_rows AS
SELECT c.order_id, c.event_id, c.old_status, c.new_status,
       {{instant_of c.micros}} AS changed_at,
       CASE WHEN c.before_entry IS NOT NULL THEN (c.micros - c.before_micros) / 1000000
            WHEN o.created_micros <= c.micros THEN (c.micros - o.created_micros) / 1000000
            END AS processing_time_seconds,
       CASE WHEN NOT ({{is_known c.new_status}}) THEN 'unknown_status'
            WHEN {{is_terminal c.from_status}} THEN 'after_terminal'
            WHEN {{rank_of c.new_status}} < {{rank_of c.from_status}} THEN 'backward'
            WHEN c.before_entry IS NOT NULL AND c.old_status <> c.from_status THEN 'sequence_gap'
            END AS anomaly,
       c.session_id
  FROM changes_in_sessions AS c
  JOIN orders AS o ON o.order_id = c.order_id;
