-- orders_processed: each order in its current state. Names that are too long for their column are cut.
CREATE VIEW orders_processed_rows AS
SELECT o.order_id,
       TRY_CAST(JSON_VALUE(o.snapshot, '$.user_id') AS BIGINT) AS user_id,
       SUBSTRING(JSON_VALUE(o.snapshot, '$.user.name'), 1, 255) AS user_name,
       SUBSTRING(JSON_VALUE(o.snapshot, '$.user.email'), 1, 255) AS user_email,
       o.branch_id,
       SUBSTRING(JSON_VALUE(o.snapshot, '$.branch.name'), 1, 255) AS branch_name,
       JSON_VALUE(o.snapshot, '$.branch.address') AS branch_address,
       {{instant_of o.date_micros}} AS order_date,
       JSON_VALUE(o.snapshot, '$.address') AS address,
       JSON_VALUE(o.snapshot, '$.note') AS note,
       TRY_CAST(JSON_VALUE(o.snapshot, '$.coupon_id') AS BIGINT) AS coupon_id,
       o.total_price,
       JSON_VALUE(o.snapshot, '$.payment_method') AS payment_method,
       COALESCE(i.items_count, CAST(0 AS BIGINT)) AS items_count,
       o.order_status,
       o.payment_status,
       {{instant_of o.born_micros}} AS created_at,
       {{instant_of o.last_micros}} AS updated_at
  FROM orders AS o
  LEFT JOIN (SELECT order_id, SUM(quantity) AS items_count
               FROM order_items_analytics_rows
              GROUP BY order_id) AS i
    ON i.order_id = o.order_id;
