-- migrate:no-transaction
DROP INDEX CONCURRENTLY contracts_id_idx;
