-- migrate:allow check-validates because a few thousand invoices are read in milliseconds
-- The default is what all invoices were in so far. It also keeps replicas of the version before working,
-- which do not know the column, while this one rolls out.

ALTER TABLE invoices
    ADD COLUMN currency text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$');
