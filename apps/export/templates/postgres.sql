-- For PostgreSQL, once, by the owner of the schema, after `lensart init` has made the tables there
-- (README.md has the commands). May be repeated.

BEGIN;

-- Each table is written by itself, so a line may come before its order: no foreign keys.
DO $do$
DECLARE
  fkey RECORD;
BEGIN
  FOR fkey IN SELECT conrelid::regclass AS child, conname
                FROM pg_constraint
               WHERE contype = 'f' AND connamespace = {{schema_literal}}::regnamespace LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', fkey.child, fkey.conname);
  END LOOP;
END
$do$;

-- The lines of an order are a bag; Flink writes by key, and this is one.
ALTER TABLE {{schema}}.order_items_analytics ADD COLUMN IF NOT EXISTS line_number INTEGER;
CREATE UNIQUE INDEX IF NOT EXISTS order_items_analytics_line_key
  ON {{schema}}.order_items_analytics (order_id, line_number);

-- Texts are in Unicode NFC here; Flink SQL has no function for that.
{{triggers}}COMMIT;
