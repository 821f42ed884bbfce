CREATE TABLE party (id bigint);
COMMIT;
SELEC 1;
