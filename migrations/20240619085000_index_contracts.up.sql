-- migrate:statement-timeout 15min
--
-- Indexes on contracts, built while people go on writing to it.
--
-- CONCURRENTLY refuses a transaction, so these statements have a script of their own. It waits for
-- every older transaction, however long that takes, and only a statement timeout bounds it. Without
-- IF NOT EXISTS: an index that an interrupted build left invalid must not pass for a good one.

-- The foreign key of the migration before this one.
CREATE INDEX CONCURRENTLY contracts_parent_contract_id_idx ON contracts (parent_contract_id);

-- "What ends in the next ninety days": the start page of every contract manager.
CREATE INDEX CONCURRENTLY contracts_expires_on_idx
    ON contracts (expires_on) WHERE status = 'active';
