-- migrate:no-parse
CREATE TABLE party (id bigint);
