-- The metrics job's tables, the functions that write them, and the worked example of a job of one's
-- own, product_sales_hourly (docs/contract.md §3).
--
-- Rows hold absolute values, so to write one twice changes nothing. They are rewritten many times
-- while their hour lasts; the free space keeps those updates on their page.

CREATE TABLE IF NOT EXISTS {schema}.order_metrics (
  metric_date       DATE          NOT NULL,
  metric_hour       BIGINT        NOT NULL,
  branch_id         BIGINT        NOT NULL,
  total_orders      BIGINT        NOT NULL,
  total_revenue     NUMERIC(20,2) NOT NULL,
  avg_order_value   NUMERIC(20,2) NOT NULL,
  pending_orders    BIGINT        NOT NULL,
  processing_orders BIGINT        NOT NULL,
  completed_orders  BIGINT        NOT NULL,
  cancelled_orders  BIGINT        NOT NULL,
  cash_orders       BIGINT        NOT NULL,
  online_orders     BIGINT        NOT NULL,
  updated_at        TIMESTAMPTZ   NOT NULL DEFAULT now(),
  CONSTRAINT order_metrics_pkey PRIMARY KEY (metric_date, metric_hour, branch_id),
  CONSTRAINT order_metrics_hour_check CHECK (metric_hour BETWEEN 0 AND 23),
  CONSTRAINT order_metrics_not_negative
    CHECK (total_orders >= 0 AND total_revenue >= 0 AND avg_order_value >= 0 AND
           pending_orders >= 0 AND processing_orders >= 0 AND completed_orders >= 0 AND
           cancelled_orders >= 0 AND cash_orders >= 0 AND online_orders >= 0),
  CONSTRAINT order_metrics_status_counts
    CHECK (pending_orders + processing_orders + completed_orders + cancelled_orders
           <= total_orders)
) WITH (fillfactor = 70);

CREATE INDEX IF NOT EXISTS order_metrics_branch_id_metric_date_idx
  ON {schema}.order_metrics (branch_id, metric_date);

COMMENT ON TABLE {schema}.order_metrics IS
  'Orders by hour and branch: the orders that were placed in that hour at that branch, each counted once, in its current state. When an order''s date, branch, price, status or payment method changes, its old contribution is withdrawn. Events that came too late do not count; an hour and branch without orders has no row (docs/contract.md §3, §4).';
COMMENT ON COLUMN {schema}.order_metrics.metric_date IS
  'Calendar day on which the orders were placed, in the business time zone: by the date of the latest snapshot, else by the earliest order.created, else by the earliest event.';
COMMENT ON COLUMN {schema}.order_metrics.metric_hour IS
  'Hour of that day, 0 to 23, in the business time zone.';
COMMENT ON COLUMN {schema}.order_metrics.branch_id IS
  'Branch that sold the orders.';
COMMENT ON COLUMN {schema}.order_metrics.total_orders IS
  'Orders placed, cancelled ones included.';
COMMENT ON COLUMN {schema}.order_metrics.total_revenue IS
  'Sum of their total_price, in the currency of the shop (dong), cancelled ones included.';
COMMENT ON COLUMN {schema}.order_metrics.avg_order_value IS
  'total_revenue / total_orders, rounded to 2 decimals, half away from zero.';
COMMENT ON COLUMN {schema}.order_metrics.pending_orders IS
  'Orders whose current status the configured map counts as pending.';
COMMENT ON COLUMN {schema}.order_metrics.processing_orders IS
  'Orders whose current status the configured map counts as processing.';
COMMENT ON COLUMN {schema}.order_metrics.completed_orders IS
  'Orders whose current status the configured map counts as completed.';
COMMENT ON COLUMN {schema}.order_metrics.cancelled_orders IS
  'Orders whose current status the configured map counts as cancelled. A status that the map lacks counts in none of the four.';
COMMENT ON COLUMN {schema}.order_metrics.cash_orders IS
  'Orders whose payment method the configured map counts as cash.';
COMMENT ON COLUMN {schema}.order_metrics.online_orders IS
  'Orders whose payment method the configured map counts as online. A method that the map lacks counts in neither.';
COMMENT ON COLUMN {schema}.order_metrics.updated_at IS
  'When the row was last written (start of the transaction, the server''s clock). Not part of the pure function.';

CREATE TABLE IF NOT EXISTS {schema}.order_metrics_sliding (
  window_start      TIMESTAMPTZ   NOT NULL,
  window_end        TIMESTAMPTZ   NOT NULL,
  branch_id         BIGINT        NOT NULL,
  total_orders      BIGINT        NOT NULL,
  total_revenue     NUMERIC(20,2) NOT NULL,
  avg_order_value   NUMERIC(20,2) NOT NULL,
  pending_orders    BIGINT        NOT NULL,
  processing_orders BIGINT        NOT NULL,
  completed_orders  BIGINT        NOT NULL,
  cancelled_orders  BIGINT        NOT NULL,
  cash_orders       BIGINT        NOT NULL,
  online_orders     BIGINT        NOT NULL,
  updated_at        TIMESTAMPTZ   NOT NULL DEFAULT now(),
  CONSTRAINT order_metrics_sliding_pkey PRIMARY KEY (window_start, window_end, branch_id),
  CONSTRAINT order_metrics_sliding_window_check
    CHECK (window_end = window_start + interval '1 hour'),
  CONSTRAINT order_metrics_sliding_not_negative
    CHECK (total_orders >= 0 AND total_revenue >= 0 AND avg_order_value >= 0 AND
           pending_orders >= 0 AND processing_orders >= 0 AND completed_orders >= 0 AND
           cancelled_orders >= 0 AND cash_orders >= 0 AND online_orders >= 0),
  CONSTRAINT order_metrics_sliding_status_counts
    CHECK (pending_orders + processing_orders + completed_orders + cancelled_orders
           <= total_orders)
) WITH (fillfactor = 70);

COMMENT ON TABLE {schema}.order_metrics_sliding IS
  'Orders by window of one hour and branch: windows [window_start, window_end) start every 5 minutes, so each order is in twelve. Counted as in order_metrics. Windows whose end is more than retention.sliding (400 days) before the data watermark are removed (docs/contract.md §3, §4).';
COMMENT ON COLUMN {schema}.order_metrics_sliding.window_start IS
  'Start of the window (inclusive), a multiple of 5 minutes in UTC.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.window_end IS
  'End of the window (exclusive): window_start and one hour.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.branch_id IS
  'Branch that sold the orders.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.total_orders IS
  'Orders placed, cancelled ones included.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.total_revenue IS
  'Sum of their total_price, in the currency of the shop (dong), cancelled ones included.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.avg_order_value IS
  'total_revenue / total_orders, rounded to 2 decimals, half away from zero.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.pending_orders IS
  'Orders whose current status the configured map counts as pending.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.processing_orders IS
  'Orders whose current status the configured map counts as processing.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.completed_orders IS
  'Orders whose current status the configured map counts as completed.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.cancelled_orders IS
  'Orders whose current status the configured map counts as cancelled. A status that the map lacks counts in none of the four.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.cash_orders IS
  'Orders whose payment method the configured map counts as cash.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.online_orders IS
  'Orders whose payment method the configured map counts as online. A method that the map lacks counts in neither.';
COMMENT ON COLUMN {schema}.order_metrics_sliding.updated_at IS
  'When the row was last written (start of the transaction, the server''s clock). Not part of the pure function.';

-- Absolute and idempotent. A row without orders is no row.
CREATE OR REPLACE FUNCTION {schema}.upsert_order_metrics(
  p_metric_date       DATE,
  p_metric_hour       BIGINT,
  p_branch_id         BIGINT,
  p_total_orders      BIGINT,
  p_total_revenue     NUMERIC,
  p_avg_order_value   NUMERIC,
  p_pending_orders    BIGINT,
  p_processing_orders BIGINT,
  p_completed_orders  BIGINT,
  p_cancelled_orders  BIGINT,
  p_cash_orders       BIGINT,
  p_online_orders     BIGINT
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
  IF p_total_orders = 0 THEN
    DELETE FROM {schema}.order_metrics m
     WHERE m.metric_date = p_metric_date AND m.metric_hour = p_metric_hour
       AND m.branch_id = p_branch_id;
    RETURN;
  END IF;
  INSERT INTO {schema}.order_metrics AS m
         (metric_date, metric_hour, branch_id, total_orders, total_revenue, avg_order_value,
          pending_orders, processing_orders, completed_orders, cancelled_orders, cash_orders,
          online_orders)
  VALUES (p_metric_date, p_metric_hour, p_branch_id, p_total_orders, p_total_revenue,
          p_avg_order_value, p_pending_orders, p_processing_orders, p_completed_orders,
          p_cancelled_orders, p_cash_orders, p_online_orders)
  ON CONFLICT (metric_date, metric_hour, branch_id) DO UPDATE
     SET total_orders = excluded.total_orders, total_revenue = excluded.total_revenue,
         avg_order_value = excluded.avg_order_value, pending_orders = excluded.pending_orders,
         processing_orders = excluded.processing_orders,
         completed_orders = excluded.completed_orders,
         cancelled_orders = excluded.cancelled_orders, cash_orders = excluded.cash_orders,
         online_orders = excluded.online_orders, updated_at = now();
END
$function$;

COMMENT ON FUNCTION {schema}.upsert_order_metrics(
  DATE, BIGINT, BIGINT, BIGINT, NUMERIC, NUMERIC, BIGINT, BIGINT, BIGINT, BIGINT, BIGINT, BIGINT) IS
  'Writes one row of order_metrics: absolute values, so that calling it again changes nothing; with 0 orders it deletes the row. For the pipeline and for repairs by hand.';

-- One statement for each kind of change, however many rows: for the sink. NULL arrays, as array_agg
-- gives them for no rows, are empty ones.
CREATE OR REPLACE FUNCTION {schema}.upsert_order_metrics_batch(
  p_metric_date       DATE[],
  p_metric_hour       BIGINT[],
  p_branch_id         BIGINT[],
  p_total_orders      BIGINT[],
  p_total_revenue     NUMERIC[],
  p_avg_order_value   NUMERIC[],
  p_pending_orders    BIGINT[],
  p_processing_orders BIGINT[],
  p_completed_orders  BIGINT[],
  p_cancelled_orders  BIGINT[],
  p_cash_orders       BIGINT[],
  p_online_orders     BIGINT[]
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
  IF 0 = ANY (p_total_orders) THEN
    DELETE FROM {schema}.order_metrics m
     USING unnest(p_metric_date, p_metric_hour, p_branch_id, p_total_orders)
           AS gone (metric_date, metric_hour, branch_id, total_orders)
     WHERE gone.total_orders = 0 AND m.metric_date = gone.metric_date
       AND m.metric_hour = gone.metric_hour AND m.branch_id = gone.branch_id;
  END IF;
  INSERT INTO {schema}.order_metrics AS m
         (metric_date, metric_hour, branch_id, total_orders, total_revenue, avg_order_value,
          pending_orders, processing_orders, completed_orders, cancelled_orders, cash_orders,
          online_orders)
  SELECT *
    FROM unnest(p_metric_date, p_metric_hour, p_branch_id, p_total_orders, p_total_revenue,
                p_avg_order_value, p_pending_orders, p_processing_orders, p_completed_orders,
                p_cancelled_orders, p_cash_orders, p_online_orders)
         AS given (metric_date, metric_hour, branch_id, total_orders, total_revenue,
                   avg_order_value, pending_orders, processing_orders, completed_orders,
                   cancelled_orders, cash_orders, online_orders)
   WHERE given.total_orders IS DISTINCT FROM 0
  ON CONFLICT (metric_date, metric_hour, branch_id) DO UPDATE
     SET total_orders = excluded.total_orders, total_revenue = excluded.total_revenue,
         avg_order_value = excluded.avg_order_value, pending_orders = excluded.pending_orders,
         processing_orders = excluded.processing_orders,
         completed_orders = excluded.completed_orders,
         cancelled_orders = excluded.cancelled_orders, cash_orders = excluded.cash_orders,
         online_orders = excluded.online_orders, updated_at = now();
END
$function$;

COMMENT ON FUNCTION {schema}.upsert_order_metrics_batch(
  DATE[], BIGINT[], BIGINT[], BIGINT[], NUMERIC[], NUMERIC[], BIGINT[], BIGINT[], BIGINT[],
  BIGINT[], BIGINT[], BIGINT[]) IS
  'upsert_order_metrics for many rows at once: one array per column, element by element a row; NULL arrays are no rows. No key may stand twice among the rows that have orders.';

CREATE OR REPLACE FUNCTION {schema}.upsert_order_metrics_sliding_batch(
  p_window_start      TIMESTAMPTZ[],
  p_window_end        TIMESTAMPTZ[],
  p_branch_id         BIGINT[],
  p_total_orders      BIGINT[],
  p_total_revenue     NUMERIC[],
  p_avg_order_value   NUMERIC[],
  p_pending_orders    BIGINT[],
  p_processing_orders BIGINT[],
  p_completed_orders  BIGINT[],
  p_cancelled_orders  BIGINT[],
  p_cash_orders       BIGINT[],
  p_online_orders     BIGINT[]
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
  IF 0 = ANY (p_total_orders) THEN
    DELETE FROM {schema}.order_metrics_sliding m
     USING unnest(p_window_start, p_window_end, p_branch_id, p_total_orders)
           AS gone (window_start, window_end, branch_id, total_orders)
     WHERE gone.total_orders = 0 AND m.window_start = gone.window_start
       AND m.window_end = gone.window_end AND m.branch_id = gone.branch_id;
  END IF;
  INSERT INTO {schema}.order_metrics_sliding AS m
         (window_start, window_end, branch_id, total_orders, total_revenue, avg_order_value,
          pending_orders, processing_orders, completed_orders, cancelled_orders, cash_orders,
          online_orders)
  SELECT *
    FROM unnest(p_window_start, p_window_end, p_branch_id, p_total_orders, p_total_revenue,
                p_avg_order_value, p_pending_orders, p_processing_orders, p_completed_orders,
                p_cancelled_orders, p_cash_orders, p_online_orders)
         AS given (window_start, window_end, branch_id, total_orders, total_revenue,
                   avg_order_value, pending_orders, processing_orders, completed_orders,
                   cancelled_orders, cash_orders, online_orders)
   WHERE given.total_orders IS DISTINCT FROM 0
  ON CONFLICT (window_start, window_end, branch_id) DO UPDATE
     SET total_orders = excluded.total_orders, total_revenue = excluded.total_revenue,
         avg_order_value = excluded.avg_order_value, pending_orders = excluded.pending_orders,
         processing_orders = excluded.processing_orders,
         completed_orders = excluded.completed_orders,
         cancelled_orders = excluded.cancelled_orders, cash_orders = excluded.cash_orders,
         online_orders = excluded.online_orders, updated_at = now();
END
$function$;

COMMENT ON FUNCTION {schema}.upsert_order_metrics_sliding_batch(
  TIMESTAMPTZ[], TIMESTAMPTZ[], BIGINT[], BIGINT[], NUMERIC[], NUMERIC[], BIGINT[], BIGINT[], BIGINT[],
  BIGINT[], BIGINT[], BIGINT[]) IS
  'Writes rows of order_metrics_sliding: absolute values, so that calling it again changes nothing; rows with 0 orders are deleted. One array per column, element by element a row; NULL arrays are no rows. No key may stand twice among the rows that have orders.';

-- Windows that have passed their retention are neither written, kept nor audited; this says which.
CREATE OR REPLACE FUNCTION {schema}.lensart_sliding_from(pipeline_name TEXT) RETURNS TIMESTAMPTZ
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
  SELECT coalesce((SELECT max(e.watermark) FROM {schema}.pipeline_epochs e
                    WHERE e.pipeline = pipeline_name)
                  - (SELECT {schema}.lensart_duration(s.settings ->> 'retention.sliding')
                       FROM {schema}.pipeline_settings s WHERE s.pipeline = pipeline_name),
                  '-infinity')
$function$;

COMMENT ON FUNCTION {schema}.lensart_sliding_from(TEXT) IS
  'The earliest window_end that order_metrics_sliding keeps for a pipeline: the data watermark of its last epoch less retention.sliding; minus infinity while there is no watermark or the retention is unlimited.';

CREATE TABLE IF NOT EXISTS {schema}.product_sales_hourly (
  sale_date  DATE          NOT NULL,
  sale_hour  BIGINT        NOT NULL,
  product_id BIGINT        NOT NULL,
  orders     BIGINT        NOT NULL,
  quantity   BIGINT        NOT NULL,
  revenue    NUMERIC(20,2) NOT NULL,
  updated_at TIMESTAMPTZ   NOT NULL DEFAULT now(),
  CONSTRAINT product_sales_hourly_pkey PRIMARY KEY (sale_date, sale_hour, product_id),
  CONSTRAINT product_sales_hourly_hour_check CHECK (sale_hour BETWEEN 0 AND 23),
  CONSTRAINT product_sales_hourly_not_negative
    CHECK (orders >= 0 AND quantity >= 0 AND revenue >= 0)
) WITH (fillfactor = 70);

CREATE INDEX IF NOT EXISTS product_sales_hourly_product_id_sale_date_idx
  ON {schema}.product_sales_hourly (product_id, sale_date);

COMMENT ON TABLE {schema}.product_sales_hourly IS
  'Sales by hour and product: the lines of the orders that were placed in that hour, as the latest snapshot has them, cancelled orders included. Filled by the job product_sales_hourly, which is off unless pipeline.jobs names it; events that came too late do not count, and an hour and product without lines has no row.';
COMMENT ON COLUMN {schema}.product_sales_hourly.sale_date IS
  'Calendar day on which the orders were placed, in the business time zone, as in order_metrics.';
COMMENT ON COLUMN {schema}.product_sales_hourly.sale_hour IS
  'Hour of that day, 0 to 23, in the business time zone.';
COMMENT ON COLUMN {schema}.product_sales_hourly.product_id IS
  'The product.';
COMMENT ON COLUMN {schema}.product_sales_hourly.orders IS
  'Orders with at least one line of it.';
COMMENT ON COLUMN {schema}.product_sales_hourly.quantity IS
  'Pieces in those lines.';
COMMENT ON COLUMN {schema}.product_sales_hourly.revenue IS
  'Sum of those lines'' total_price, in the currency of the shop (dong).';
COMMENT ON COLUMN {schema}.product_sales_hourly.updated_at IS
  'When the row was last written (start of the transaction, the server''s clock). Not part of the pure function.';

CREATE OR REPLACE FUNCTION {schema}.upsert_product_sales_hourly_batch(
  p_sale_date  DATE[],
  p_sale_hour  BIGINT[],
  p_product_id BIGINT[],
  p_orders     BIGINT[],
  p_quantity   BIGINT[],
  p_revenue    NUMERIC[]
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
  IF 0 = ANY (p_orders) THEN
    DELETE FROM {schema}.product_sales_hourly m
     USING unnest(p_sale_date, p_sale_hour, p_product_id, p_orders)
           AS gone (sale_date, sale_hour, product_id, orders)
     WHERE gone.orders = 0 AND m.sale_date = gone.sale_date AND m.sale_hour = gone.sale_hour
       AND m.product_id = gone.product_id;
  END IF;
  INSERT INTO {schema}.product_sales_hourly AS m
         (sale_date, sale_hour, product_id, orders, quantity, revenue)
  SELECT *
    FROM unnest(p_sale_date, p_sale_hour, p_product_id, p_orders, p_quantity, p_revenue)
         AS given (sale_date, sale_hour, product_id, orders, quantity, revenue)
   WHERE given.orders IS DISTINCT FROM 0
  ON CONFLICT (sale_date, sale_hour, product_id) DO UPDATE
     SET orders = excluded.orders, quantity = excluded.quantity, revenue = excluded.revenue,
         updated_at = now();
END
$function$;

COMMENT ON FUNCTION {schema}.upsert_product_sales_hourly_batch(
  DATE[], BIGINT[], BIGINT[], BIGINT[], BIGINT[], NUMERIC[]) IS
  'Writes rows of product_sales_hourly: absolute values, so that calling it again changes nothing; rows with 0 orders are deleted. One array per column, element by element a row; NULL arrays are no rows. No key may stand twice among the rows that have orders.';

INSERT INTO {schema}.schema_migrations (version, name) VALUES (6, '0006_metrics')
ON CONFLICT (version) DO NOTHING;
