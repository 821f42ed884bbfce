-- migrate:no-transaction
DROP INDEX CONCURRENTLY party_id_idx;
DROP INDEX party_name_idx;
