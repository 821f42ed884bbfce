-- A nullable column is added at once, and NOT VALID leaves the rows that are there unread: the lock is
-- held for a moment only. New rows are checked all the same.

ALTER TABLE contracts
    ADD COLUMN ends_on date,
    ADD CONSTRAINT contracts_ends_on_check CHECK (ends_on >= signed_on) NOT VALID;
