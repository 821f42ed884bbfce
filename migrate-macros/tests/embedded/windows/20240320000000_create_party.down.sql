DROP TABLE party;
