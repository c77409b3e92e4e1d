-- Views for analysts over the tables of the status and the metrics job (docs/contract.md §3, Views).

CREATE OR REPLACE VIEW {schema}.v_daily_order_summary AS
SELECT metric_date,
       sum(total_orders)::BIGINT AS total_orders,
       sum(total_revenue)::NUMERIC(20,2) AS total_revenue,
       round(sum(total_revenue) / nullif(sum(total_orders), 0), 2)::NUMERIC(20,2)
         AS avg_order_value,
       sum(completed_orders)::BIGINT AS completed_orders,
       sum(cancelled_orders)::BIGINT AS cancelled_orders
  FROM {schema}.order_metrics
 GROUP BY metric_date;

COMMENT ON VIEW {schema}.v_daily_order_summary IS
  'Orders and revenue of each day over all branches, by the day on which the orders were placed, in their current state (order_metrics). Cancelled orders count in orders and revenue; events that came too late do not count.';
COMMENT ON COLUMN {schema}.v_daily_order_summary.metric_date IS 'Calendar day in the business time zone.';
COMMENT ON COLUMN {schema}.v_daily_order_summary.total_orders IS 'Orders placed on that day.';
COMMENT ON COLUMN {schema}.v_daily_order_summary.total_revenue IS 'Sum of their total_price, in the currency of the shop (dong).';
COMMENT ON COLUMN {schema}.v_daily_order_summary.avg_order_value IS 'total_revenue / total_orders, to 2 decimals.';
COMMENT ON COLUMN {schema}.v_daily_order_summary.completed_orders IS 'Orders whose current status the configured map counts as completed.';
COMMENT ON COLUMN {schema}.v_daily_order_summary.cancelled_orders IS 'Orders whose current status the configured map counts as cancelled.';

-- Sessions do not wait for a snapshot: every order with a change of status has one.
CREATE OR REPLACE VIEW {schema}.v_orders_waiting AS
SELECT DISTINCT s.order_id
  FROM {schema}.order_status_sessions s
 WHERE NOT EXISTS (SELECT FROM {schema}.orders_processed o WHERE o.order_id = s.order_id);

COMMENT ON VIEW {schema}.v_orders_waiting IS
  'Orders whose status history waits: at least one order.status_changed was accepted, but no event with a snapshot yet. Their rows appear in order_status_history as soon as one comes.';
COMMENT ON COLUMN {schema}.v_orders_waiting.order_id IS 'The order''s id in the shop.';

INSERT INTO {schema}.schema_migrations (version, name) VALUES (7, '0007_status_views')
ON CONFLICT (version) DO NOTHING;
