-- order_metrics_sliding: the same for windows of an hour every five minutes. Orders are added up by
-- five minutes first; each sum is in twelve windows. Flink's HOP takes no input that changes.
CREATE VIEW slots AS
SELECT placed_micros / 300000000 AS slot, branch_id,
       COUNT(*) AS total,
       SUM(total_price) AS revenue,
       COUNT(*) FILTER (WHERE counts_as = 'pending') AS pending,
       COUNT(*) FILTER (WHERE counts_as = 'processing') AS processing,
       COUNT(*) FILTER (WHERE counts_as = 'completed') AS completed,
       COUNT(*) FILTER (WHERE counts_as = 'cancelled') AS cancelled,
       COUNT(*) FILTER (WHERE paid_by = 'cash') AS cash,
       COUNT(*) FILTER (WHERE paid_by = 'online') AS online
  FROM counted_orders
 GROUP BY placed_micros / 300000000, branch_id;

CREATE VIEW order_metrics_sliding_rows AS
SELECT {{instant_of_seconds w.start_slot * 300}} AS window_start,
       {{instant_of_seconds w.start_slot * 300 + 3600}} AS window_end,
       s.branch_id,
       SUM(s.total) AS total_orders,
       CAST(SUM(s.revenue) AS DECIMAL(20, 2)) AS total_revenue,
       CAST(CAST(SUM(s.revenue) AS DECIMAL(20, 2)) / SUM(s.total) AS DECIMAL(20, 2))
         AS avg_order_value,
       SUM(s.pending) AS pending_orders,
       SUM(s.processing) AS processing_orders,
       SUM(s.completed) AS completed_orders,
       SUM(s.cancelled) AS cancelled_orders,
       SUM(s.cash) AS cash_orders,
       SUM(s.online) AS online_orders
  FROM slots AS s
 CROSS JOIN UNNEST(ARRAY[s.slot, s.slot - 1, s.slot - 2, s.slot - 3, s.slot - 4, s.slot - 5,
                         s.slot - 6, s.slot - 7, s.slot - 8, s.slot - 9, s.slot - 10,
                         s.slot - 11]) AS w(start_slot)
 GROUP BY {{instant_of_seconds w.start_slot * 300}}, {{instant_of_seconds w.start_slot * 300 + 3600}}, s.branch_id;
