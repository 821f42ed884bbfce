-- Reads the old rows against the constraints on contracts.parent_contract_id.
--
-- In a migration of its own: validating lets everybody read and write, but only when the lock of
-- the ALTER TABLE that added the constraints is gone.

ALTER TABLE contracts
    VALIDATE CONSTRAINT contracts_parent_contract_id_fk,
    VALIDATE CONSTRAINT contracts_parent_contract_id_check;
