-- As other tools ask for.
BEGIN;
CREATE TABLE party (id bigint);
CREATE TABLE person (id bigint);
COMMIT;
