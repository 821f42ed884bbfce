-- migrate:statement-timeout 15min
--
-- Takes the indexes away while people go on working; bounded like the up script.

DROP INDEX CONCURRENTLY contracts_expires_on_idx;
DROP INDEX CONCURRENTLY contracts_parent_contract_id_idx;
