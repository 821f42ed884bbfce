CREATE TABLE party (id bigint);

INSERT INTO party VALUSE (1);
