BEGIN;
DROP TABLE person, party;
COMMIT;
