-- migrate:lock-timeout 2s
-- migrate:statement-timeout 5min
-- migrate:allow drop-table because the table is small
-- migrate:allow foreign-key-validates because the table is "small"
ALTER TABLE party ALTER COLUMN name TYPE varchar(20);
ALTER TABLE party ADD UNIQUE (name);
