-- order_items_analytics: the lines of each order's latest snapshot, at most 1 000 an order. A line is
-- reached by its number in the array; STR_TO_MAP makes the numbers.
CREATE VIEW order_lines AS
SELECT order_id, branch_id, date_micros,
       {{once JSON_QUERY(snapshot, '$.order_details')}} AS lines,
       {{once JSON_VALUE(snapshot, '$.order_details.length()' RETURNING INTEGER)}} AS line_count
  FROM orders;

CREATE VIEW lines AS
SELECT o.order_id, o.branch_id, o.date_micros, CAST(n.number AS INT) AS line_number,
       {{once JSON_QUERY(o.lines, '$[' || CAST(n.number AS CHAR(3)) || ']')}} AS line
  FROM order_lines AS o
 CROSS JOIN UNNEST(STR_TO_MAP(SUBSTRING('{{line_numbers}}', 1, o.line_count * 4 - 1), ',', '='))
            AS n(number, nothing)
 WHERE o.line_count > 0;

CREATE VIEW order_items_analytics_rows AS
SELECT order_id, line_number, product_id, product_name, color, quantity,
       CASE WHEN price IS NOT NULL THEN price
            ELSE CAST(total_price / quantity AS DECIMAL(15, 2)) END AS unit_price,
       total_price,
       CAST({{day_of date_micros}} AS DATE) AS order_date,
       branch_id
  FROM (
    SELECT order_id, branch_id, date_micros, line_number,
           {{once TRY_CAST(JSON_VALUE(line, '$.product_id') AS BIGINT)}} AS product_id,
           SUBSTRING(JSON_VALUE(line, '$.product_name'), 1, 255) AS product_name,
           SUBSTRING(JSON_VALUE(line, '$.color'), 1, 50) AS color,
           {{once TRY_CAST(JSON_VALUE(line, '$.quantity') AS BIGINT)}} AS quantity,
           {{once TRY_CAST(JSON_VALUE(line, '$.total_price') AS DECIMAL(15, 2))}} AS total_price,
           {{once TRY_CAST(JSON_VALUE(line, '$.price') AS DECIMAL(15, 2))}} AS price
      FROM lines)
 WHERE product_id >= 1 AND quantity >= 1 AND total_price >= 0;
