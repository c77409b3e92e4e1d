-- How to run the audit quickly; for the transaction that runs it, before the queries. Each answer is
-- the same without: these are sorts and hashes of a million light rows in memory instead of on disk,
-- no compilation of expressions (it costs more than it saves), and parallel scans, which the
-- planner's defaults think dearer than they are.
SET LOCAL work_mem = '256MB';
SET LOCAL jit = off;
-- Whole tables are compared: where the size of a part is guessed too low, a loop over it takes hours.
SET LOCAL enable_nestloop = off;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
