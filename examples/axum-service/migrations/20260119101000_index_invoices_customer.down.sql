-- migrate:statement-timeout 15min

DROP INDEX CONCURRENTLY invoices_customer_idx;
