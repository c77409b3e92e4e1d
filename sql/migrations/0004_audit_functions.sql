-- How the contract reads a payload, in SQL: numbers, amounts, instants and texts of event_data, for
-- the audit and for analysts (docs/contract.md §1, §2).
--
-- They run once or several times for each of millions of rows. Hence two habits: what is said in
-- LANGUAGE sql is plain enough for the planner to inline, with the usual spelling of a value first
-- and the rest left to a plpgsql function that is hardly ever called; and nothing raises an error,
-- for a payload that someone has edited must show up as a difference, not end the audit. What
-- breaks the rules is NULL.

CREATE OR REPLACE FUNCTION {schema}.lensart_text(value TEXT) RETURNS TEXT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE WHEN value IS NFC NORMALIZED THEN value ELSE normalize(value, NFC) END
$function$;

COMMENT ON FUNCTION {schema}.lensart_text(TEXT) IS
  'A text of a payload as the tables hold it: in Unicode NFC, neither trimmed nor folded.';

-- A numeric string is one that is, whole, a JSON number. The exponent''s bound keeps the cast from
-- raising; numbers beyond it break rule 2 (1 000 digits) anyway.
CREATE OR REPLACE FUNCTION {schema}.lensart_number_by_digits(value TEXT) RETURNS NUMERIC
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
  parts    TEXT[] := regexp_match(value, '^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?)0*([0-9]*))?$');
  digits   TEXT;
  power    BIGINT;
BEGIN
  IF parts IS NULL OR value ~ '[eE][+-]?$' THEN
    RETURN NULL;
  END IF;
  digits := ltrim(parts[2] || coalesce(parts[3], ''), '0');
  IF digits = '' THEN
    RETURN 0;
  END IF;
  IF length(coalesce(parts[5], '')) > 9 THEN
    RETURN NULL;
  END IF;
  power := coalesce(nullif(parts[5], ''), '0')::bigint;
  IF parts[4] = '-' THEN
    power := -power;
  END IF;
  power := power - length(coalesce(parts[3], '')) + length(digits) - length(rtrim(digits, '0'));
  digits := rtrim(digits, '0');
  -- No id, quantity or amount that is in range needs more.
  IF length(digits) > 40 OR abs(power) > 40 THEN
    RETURN NULL;
  END IF;
  RETURN (parts[1] || digits || 'e' || power)::numeric;
END
$function$;

COMMENT ON FUNCTION {schema}.lensart_number_by_digits(TEXT) IS
  'lensart_number for numeric strings of unusual length or exponent, by their digits: the value of what an id, a quantity or an amount may be, NULL for anything else; call that one.';

CREATE OR REPLACE FUNCTION {schema}.lensart_number(value JSONB) RETURNS NUMERIC
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE jsonb_typeof(value)
           WHEN 'number' THEN value::numeric
           WHEN 'string' THEN
             CASE WHEN length(value #>> '{}') <= 60
                       AND (value #>> '{}') ~ '^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?0*[0-9]{1,2})?$'
                  THEN (value #>> '{}')::numeric
                  ELSE {schema}.lensart_number_by_digits(value #>> '{}') END
         END
$function$;

COMMENT ON FUNCTION {schema}.lensart_number(JSONB) IS
  'The value of a number in a payload, given as a JSON number or as a numeric string such as "5.00" or "1e3". NULL for anything else.';

CREATE OR REPLACE FUNCTION {schema}.lensart_whole_by_value(value JSONB) RETURNS BIGINT
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
  number NUMERIC := {schema}.lensart_number(value);
BEGIN
  IF number BETWEEN 1 AND 9223372036854775807 AND number = trunc(number) THEN
    RETURN number::bigint;
  END IF;
  RETURN NULL;
END
$function$;

COMMENT ON FUNCTION {schema}.lensart_whole_by_value(JSONB) IS
  'lensart_whole for the unusual spellings; call that one.';

CREATE OR REPLACE FUNCTION {schema}.lensart_whole(value JSONB) RETURNS BIGINT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE WHEN value IS NULL THEN NULL
              WHEN (value #>> '{}') ~ '^[1-9][0-9]{0,17}$' THEN (value #>> '{}')::bigint
              ELSE {schema}.lensart_whole_by_value(value) END
$function$;

COMMENT ON FUNCTION {schema}.lensart_whole(JSONB) IS
  'An id or a quantity of a payload: a whole number from 1 to 2^63 - 1, judged by value (42, "42", 42.0 and 4.2e1 are equal). NULL for anything else.';

CREATE OR REPLACE FUNCTION {schema}.lensart_amount_by_value(value JSONB) RETURNS NUMERIC
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
  number NUMERIC := {schema}.lensart_number(value);
BEGIN
  IF number >= 0 AND number < 10000000000000 AND number = round(number, 2) THEN
    RETURN round(number, 2);
  END IF;
  RETURN NULL;
END
$function$;

COMMENT ON FUNCTION {schema}.lensart_amount_by_value(JSONB) IS
  'lensart_amount for the unusual spellings; call that one.';

CREATE OR REPLACE FUNCTION {schema}.lensart_amount(value JSONB) RETURNS NUMERIC
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE WHEN value IS NULL THEN NULL
              WHEN (value #>> '{}') ~ '^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$'
              THEN (value #>> '{}')::numeric(15,2)
              ELSE {schema}.lensart_amount_by_value(value) END
$function$;

COMMENT ON FUNCTION {schema}.lensart_amount(JSONB) IS
  'An amount of a payload, exact: at least 0, below 10^13, at most two decimals that are not zero, judged by value. NULL for anything else; never rounded.';

-- Immutable although a cast from text to timestamp is not: this one form reads the same under every
-- DateStyle. AT TIME ZONE has PostgreSQL's rule for local times that occur twice or never, which is
-- the contract's; CET, EET, MET and WET it takes for fixed offsets, not for the zones of that name.
CREATE OR REPLACE FUNCTION {schema}.lensart_instant_by_parts(value TEXT, zone TEXT)
RETURNS TIMESTAMPTZ LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
  wall     TIMESTAMP;
  distance TEXT := '';
  minutes  INTEGER;
BEGIN
  IF value !~ ('^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]'
               || '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?'
               || '(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?$') THEN
    RETURN NULL;
  END IF;
  IF substr(value, 9, 2)::integer > extract(day FROM
       make_date(substr(value, 1, 4)::integer, substr(value, 6, 2)::integer, 1)
       + interval '1 month - 1 day') THEN
    RETURN NULL;
  END IF;
  IF substr(value, 20, 1) = '.' THEN
    distance := ltrim(substr(value, 21), '0123456789');
    -- Cut, not rounded: 26 characters end with the sixth digit of the fraction.
    wall := left(left(value, length(value) - length(distance)), 26)::timestamp;
  ELSE
    distance := substr(value, 20);
    wall := left(value, 19)::timestamp;
  END IF;
  IF distance = '' THEN
    RETURN wall AT TIME ZONE zone;
  ELSIF distance = 'Z' THEN
    RETURN wall AT TIME ZONE 'UTC';
  END IF;
  minutes := substr(distance, 2, 2)::integer * 60
             + coalesce(nullif(ltrim(substr(distance, 4), ':'), ''), '0')::integer;
  IF left(distance, 1) = '+' THEN
    minutes := -minutes;
  END IF;
  RETURN (wall + make_interval(mins => minutes)) AT TIME ZONE 'UTC';
END
$function$;

COMMENT ON FUNCTION {schema}.lensart_instant_by_parts(TEXT, TEXT) IS
  'lensart_instant for the unusual spellings; call that one.';

-- PostgreSQL's own parser is several times quicker, where it can neither fail nor round: the usual
-- shapes, days that every month has, offsets within its bound. (A regular expression for the whole
-- form would cost more than the parse.) STABLE only because the planner inlines nothing less when
-- the body casts a text to an instant; the answer depends on no setting.
CREATE OR REPLACE FUNCTION {schema}.lensart_instant(value TEXT, zone TEXT) RETURNS TIMESTAMPTZ
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
  SELECT CASE
    WHEN value IS NULL THEN NULL
    WHEN value ~ '[^-0-9:T.+Z ]' OR left(value, 2) <> '20'
         OR (substr(value, 6, 2) COLLATE "C") NOT BETWEEN '01' AND '12'
         OR (substr(value, 9, 2) COLLATE "C") NOT BETWEEN '01' AND '28'
         OR (substr(value, 12, 2) COLLATE "C") > '23'
         OR (substr(value, 15, 1) COLLATE "C") > '5'
         OR (substr(value, 18, 1) COLLATE "C") > '5'
      THEN {schema}.lensart_instant_by_parts(value, zone)
    WHEN value LIKE '____-__-__T__:__:__+0_:00' OR value LIKE '____-__-__T__:__:__Z'
         OR value LIKE '____-__-__T__:__:__.______Z'
         OR value LIKE '____-__-__T__:__:__.______+0_:00'
      THEN value::timestamptz
    WHEN value LIKE '____-__-__ __:__:__' THEN value::timestamp AT TIME ZONE zone
    ELSE {schema}.lensart_instant_by_parts(value, zone)
  END
$function$;

COMMENT ON FUNCTION {schema}.lensart_instant(TEXT, TEXT) IS
  'An instant of a payload: YYYY-MM-DD, T or a blank, HH:MM:SS, a fraction of up to 9 digits (cut to microseconds), an offset; without one it is a local time in the zone given. NULL for anything else.';

CREATE OR REPLACE FUNCTION {schema}.lensart_data(event_data JSONB) RETURNS JSONB
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT coalesce(nullif(event_data -> 'data', 'null'::jsonb), event_data)
$function$;

COMMENT ON FUNCTION {schema}.lensart_data(JSONB) IS
  'The data of an event: the field of that name, or the whole payload where there is none (flat form).';

CREATE OR REPLACE FUNCTION {schema}.lensart_snapshot(event_type TEXT, data JSONB) RETURNS JSONB
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE WHEN event_type IN ('order.status_changed', 'order.payment_status_changed')
              THEN nullif(nullif(nullif(data -> 'order', '[]'::jsonb), 'null'::jsonb), '{}'::jsonb)
              ELSE data END
$function$;

COMMENT ON FUNCTION {schema}.lensart_snapshot(TEXT, JSONB) IS
  'The order snapshot that an event carries: its data itself, or the order in it for the two status events. NULL where there is none.';

CREATE OR REPLACE FUNCTION {schema}.lensart_rank(event_type TEXT) RETURNS INTEGER
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE event_type WHEN 'order.created' THEN 0
                         WHEN 'order.updated' THEN 1
                         WHEN 'order.payment_status_changed' THEN 2
                         WHEN 'order.status_changed' THEN 3
                         WHEN 'order.cancelled' THEN 4 END
$function$;

COMMENT ON FUNCTION {schema}.lensart_rank(TEXT) IS
  'Which of an order''s events at the same instant comes first: the lower rank; at equal rank the lower event_id.';

CREATE OR REPLACE FUNCTION {schema}.lensart_lines(snapshot JSONB) RETURNS JSONB
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
  SELECT CASE WHEN jsonb_typeof(snapshot -> 'order_details') = 'array'
              THEN snapshot -> 'order_details' ELSE '[]'::jsonb END
$function$;

COMMENT ON FUNCTION {schema}.lensart_lines(JSONB) IS
  'The lines of a snapshot as a JSON array, empty where it has none.';

INSERT INTO {schema}.schema_migrations (version, name) VALUES (4, '0004_audit_functions')
ON CONFLICT (version) DO NOTHING;
