-- migrate:statement-timeout 15min

DROP INDEX CONCURRENTLY contracts_ends_on_idx;
