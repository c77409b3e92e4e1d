-- Views for analysts over the tables of the main job (docs/contract.md §3, Views).

CREATE OR REPLACE VIEW {schema}.v_recent_orders AS
SELECT order_id, user_name, branch_name, order_date, total_price, order_status, payment_status,
       payment_method, items_count
  FROM {schema}.orders_processed
 ORDER BY order_date DESC NULLS LAST, order_id DESC
 LIMIT 100;

COMMENT ON VIEW {schema}.v_recent_orders IS
  'The 100 orders placed last, latest first; orders without a date come last, and of equal dates the higher order_id first.';
COMMENT ON COLUMN {schema}.v_recent_orders.order_id IS 'The order''s id in the shop.';
COMMENT ON COLUMN {schema}.v_recent_orders.user_name IS 'The customer''s name. NULL where unknown.';
COMMENT ON COLUMN {schema}.v_recent_orders.branch_name IS 'The branch''s name. NULL where unknown.';
COMMENT ON COLUMN {schema}.v_recent_orders.order_date IS 'When the order was placed. NULL where unknown.';
COMMENT ON COLUMN {schema}.v_recent_orders.total_price IS 'Total of the order, in the currency of the shop (dong).';
COMMENT ON COLUMN {schema}.v_recent_orders.order_status IS 'Current status.';
COMMENT ON COLUMN {schema}.v_recent_orders.payment_status IS 'Current payment status.';
COMMENT ON COLUMN {schema}.v_recent_orders.payment_method IS 'Payment method. NULL where unknown.';
COMMENT ON COLUMN {schema}.v_recent_orders.items_count IS 'Pieces in the order.';

CREATE OR REPLACE VIEW {schema}.v_product_popularity AS
SELECT product_id, product_name,
       count(DISTINCT order_id) AS order_count,
       sum(quantity)::BIGINT AS total_quantity_sold,
       sum(total_price)::NUMERIC(20,2) AS total_revenue,
       round(sum(total_price) / sum(quantity), 2)::NUMERIC(20,2) AS avg_price
  FROM {schema}.order_items_analytics
 GROUP BY product_id, product_name;

COMMENT ON VIEW {schema}.v_product_popularity IS
  'What sells: one row per product and name (a renamed product has a row for each name it was sold under). Cancelled orders count.';
COMMENT ON COLUMN {schema}.v_product_popularity.product_id IS 'The product.';
COMMENT ON COLUMN {schema}.v_product_popularity.product_name IS 'Its name as the lines have it. NULL where they have none.';
COMMENT ON COLUMN {schema}.v_product_popularity.order_count IS 'Orders with at least one line of it.';
COMMENT ON COLUMN {schema}.v_product_popularity.total_quantity_sold IS 'Pieces in those lines.';
COMMENT ON COLUMN {schema}.v_product_popularity.total_revenue IS 'Sum of those lines'' total_price, in the currency of the shop (dong).';
COMMENT ON COLUMN {schema}.v_product_popularity.avg_price IS 'total_revenue / total_quantity_sold, to 2 decimals.';

-- Which statuses are completed or cancelled is configured; the map is read from pipeline_settings.
-- A schema serves one pipeline, so the row written last is the one in force; before there is any,
-- the default map applies.
CREATE OR REPLACE VIEW {schema}.v_branch_performance AS
SELECT o.branch_id,
       count(*) AS total_orders,
       sum(o.total_price)::NUMERIC(20,2) AS total_revenue,
       round(sum(o.total_price) / count(*), 2)::NUMERIC(20,2) AS avg_order_value,
       count(*) FILTER (WHERE s.status_map ->> o.order_status::text = 'completed')
         AS completed_orders,
       count(*) FILTER (WHERE s.status_map ->> o.order_status::text = 'cancelled')
         AS cancelled_orders
  FROM {schema}.orders_processed o
 CROSS JOIN (SELECT coalesce((SELECT p.settings -> 'status_map' FROM {schema}.pipeline_settings p
                               ORDER BY p.updated_at DESC, p.pipeline LIMIT 1),
                             '{"Đã giao": "completed", "Đã hủy": "cancelled"}'::jsonb)
                    AS status_map) s
 GROUP BY o.branch_id;

COMMENT ON VIEW {schema}.v_branch_performance IS
  'Orders and revenue of each branch over all time, from the orders'' current state. Cancelled orders count in orders and revenue.';
COMMENT ON COLUMN {schema}.v_branch_performance.branch_id IS 'The branch.';
COMMENT ON COLUMN {schema}.v_branch_performance.total_orders IS 'Orders of the branch.';
COMMENT ON COLUMN {schema}.v_branch_performance.total_revenue IS 'Sum of their total_price, in the currency of the shop (dong).';
COMMENT ON COLUMN {schema}.v_branch_performance.avg_order_value IS 'total_revenue / total_orders, to 2 decimals.';
COMMENT ON COLUMN {schema}.v_branch_performance.completed_orders IS 'Orders whose current status the configured map counts as completed.';
COMMENT ON COLUMN {schema}.v_branch_performance.cancelled_orders IS 'Orders whose current status the configured map counts as cancelled.';

INSERT INTO {schema}.schema_migrations (version, name) VALUES (3, '0003_views')
ON CONFLICT (version) DO NOTHING;
