-- migrate:lock-timeout 2s
-- migrate:statement-timeout 5min
-- migrate:allow rewrite because the table is small
-- migrate:allow add-unique because the table is "small"
ALTER TABLE party ALTER COLUMN name TYPE varchar(20);
ALTER TABLE party ADD UNIQUE (name);
