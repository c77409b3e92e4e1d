-- The topics, each record's payload as a text. Key, headers and Kafka's timestamp are never looked at.
--
-- The group is not the pipeline's own, so that the lag that Kafka's tools show is of one of the two.

CREATE TABLE kafka_events (
  message STRING,
  record_topic STRING METADATA FROM 'topic' VIRTUAL,
  record_partition INT METADATA FROM 'partition' VIRTUAL,
  record_offset BIGINT METADATA FROM 'offset' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = {{topics}},
  'properties.bootstrap.servers' = {{brokers}},
  'properties.group.id' = {{group}},
{{kafka_properties}}  'scan.startup.mode' = 'earliest-offset',
  'format' = 'raw'
);
