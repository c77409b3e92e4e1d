-- order_metrics: the orders placed in each hour at each branch, each in its current state.
CREATE VIEW order_metrics_rows AS
SELECT CAST({{day_of placed_micros}} AS DATE) AS metric_date,
       CAST({{hour_of placed_micros}} AS BIGINT) AS metric_hour,
       branch_id,
       COUNT(*) AS total_orders,
       CAST(SUM(total_price) AS DECIMAL(20, 2)) AS total_revenue,
       CAST(CAST(SUM(total_price) AS DECIMAL(20, 2)) / COUNT(*) AS DECIMAL(20, 2))
         AS avg_order_value,
       COUNT(*) FILTER (WHERE counts_as = 'pending') AS pending_orders,
       COUNT(*) FILTER (WHERE counts_as = 'processing') AS processing_orders,
       COUNT(*) FILTER (WHERE counts_as = 'completed') AS completed_orders,
       COUNT(*) FILTER (WHERE counts_as = 'cancelled') AS cancelled_orders,
       COUNT(*) FILTER (WHERE paid_by = 'cash') AS cash_orders,
       COUNT(*) FILTER (WHERE paid_by = 'online') AS online_orders
  FROM counted_orders
 GROUP BY CAST({{day_of placed_micros}} AS DATE), CAST({{hour_of placed_micros}} AS BIGINT), branch_id;
