-- Contracts under a contract: call-offs belong to their framework agreement, amendments to what
-- they amend.
--
-- The table is in use. A nullable column is added at once, and NOT VALID leaves the rows that are
-- there unread, so the lock is held for a moment only. The index follows in the next migration, and
-- the constraints are validated in the one after that.

ALTER TABLE contracts
    ADD COLUMN parent_contract_id bigint,
    ADD CONSTRAINT contracts_parent_contract_id_fk FOREIGN KEY (parent_contract_id)
        REFERENCES contracts (id) ON DELETE RESTRICT NOT VALID,
    ADD CONSTRAINT contracts_parent_contract_id_check CHECK (parent_contract_id <> id) NOT VALID;

COMMENT ON COLUMN contracts.parent_contract_id IS
    'The framework agreement or amended contract; NULL: stands alone.';
