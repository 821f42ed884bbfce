-- Takes the link to the parent away; both constraints go with the column.

ALTER TABLE contracts DROP COLUMN parent_contract_id;
