-- migrate:statement-timeout 15min
--
-- "What ends next". CONCURRENTLY lets people go on writing and refuses a transaction, so the index has a
-- script of its own.

CREATE INDEX CONCURRENTLY contracts_ends_on_idx ON contracts (ends_on);
