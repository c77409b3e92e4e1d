-- How the job runs. Read first; see README.md.

SET 'pipeline.name' = {{job_name}};

-- The business time zone (pipeline.time_zone): local times in payloads are read in it, and the hours
-- and days of the tables are its own.
SET 'table.local-time-zone' = {{time_zone}};

-- Checkpoints: state and Kafka's offsets together. The tables are written by key, so what is sent
-- again after a restore changes nothing.
SET 'execution.checkpointing.interval' = '60 s';
SET 'execution.checkpointing.min-pause' = '10 s';

-- Results go on at the latest after a second or 5 000 rows: a row that changes often is written once.
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '1 s';
SET 'table.exec.mini-batch.size' = '5000';
SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE';

-- What several tables need is read, parsed and folded once for all of them.
SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

SET 'pipeline.object-reuse' = 'true';

-- State is kept for ever (see README.md). This would drop what was not touched for so long, and
-- a late event of an old order would then overwrite its row with less than is known:
-- SET 'table.exec.state.ttl' = '400 d';
