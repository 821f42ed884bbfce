-- Makes the constraints NOT VALID again. PostgreSQL has no word for that, so they are exchanged.

ALTER TABLE contracts
    DROP CONSTRAINT contracts_parent_contract_id_fk,
    DROP CONSTRAINT contracts_parent_contract_id_check,
    ADD CONSTRAINT contracts_parent_contract_id_fk FOREIGN KEY (parent_contract_id)
        REFERENCES contracts (id) ON DELETE RESTRICT NOT VALID,
    ADD CONSTRAINT contracts_parent_contract_id_check CHECK (parent_contract_id <> id) NOT VALID;
