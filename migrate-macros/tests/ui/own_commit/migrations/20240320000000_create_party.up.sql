CREATE TABLE party (id bigint);
COMMIT;
BEGIN;
CREATE TABLE person (id bigint);
ROLLBACK;
