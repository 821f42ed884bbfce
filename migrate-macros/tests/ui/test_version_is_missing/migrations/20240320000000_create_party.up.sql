CREATE TABLE party (id bigint PRIMARY KEY);
