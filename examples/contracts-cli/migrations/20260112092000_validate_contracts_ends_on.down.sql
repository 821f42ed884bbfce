-- Makes the constraint NOT VALID again. PostgreSQL has no word for that, so it is exchanged.

ALTER TABLE contracts
    DROP CONSTRAINT contracts_ends_on_check,
    ADD CONSTRAINT contracts_ends_on_check CHECK (ends_on >= signed_on) NOT VALID;
