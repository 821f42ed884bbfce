-- The constraint goes with the column.

ALTER TABLE contracts DROP COLUMN ends_on;
