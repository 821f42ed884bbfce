-- migrate:statement-timeout 15min
--
-- CONCURRENTLY lets the replicas go on writing and refuses a transaction, so the index has a script of
-- its own.

CREATE INDEX CONCURRENTLY invoices_customer_idx ON invoices (customer);
