CREATE TABLE contracts (id bigint);
