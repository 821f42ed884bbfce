\set ON_ERROR_STOP on
CREATE TABLE party (id bigint);
