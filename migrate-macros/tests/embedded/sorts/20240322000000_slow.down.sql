-- migrate:lock-timeout 2s
ALTER TABLE party DROP CONSTRAINT party_name_key;
ALTER TABLE party ALTER COLUMN name TYPE text;
