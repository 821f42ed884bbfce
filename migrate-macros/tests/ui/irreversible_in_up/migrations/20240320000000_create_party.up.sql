-- migrate:irreversible because the data is gone
DROP TABLE party;
