-- What each order counts for in the metrics.
CREATE VIEW counted_orders AS
SELECT CASE WHEN date_micros IS NOT NULL THEN date_micros ELSE born_micros END AS placed_micros,
       branch_id, total_price,
       {{status_column order_status}} AS counts_as,
       {{payment_column counted_method}} AS paid_by
  FROM orders;
