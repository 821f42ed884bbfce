-- keys: print-schema
-- keys_grouped: print-schema --allow-tables-to-appear-in-same-query-config fk_related_tables
-- keys_apart: print-schema --allow-tables-to-appear-in-same-query-config none
-- keys_of_some: print-schema --only-tables ^book$ ^author$ ^chapter$
-- keys_but_some: print-schema --except-tables ^author$ ^chapter$ ^log$
-- keys_elsewhere: print-schema --schema elsewhere

CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE book (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author);
CREATE TABLE chapter (
    id serial PRIMARY KEY,
    "type" int REFERENCES book,
    chapter text REFERENCES author (name)
);

-- What joins no two tables: to itself, of two columns, to what is no primary key, and two of them.
CREATE TABLE node (id int PRIMARY KEY, up int REFERENCES node);
CREATE TABLE pair (a int, b int, PRIMARY KEY (b, a));
CREATE TABLE of_pair (id int PRIMARY KEY, a int, b int, FOREIGN KEY (b, a) REFERENCES pair);
CREATE TABLE of_name (id int PRIMARY KEY, name text REFERENCES author (name));
CREATE TABLE translation (id int PRIMARY KEY, "from" int REFERENCES book, "to" int REFERENCES book);
CREATE TABLE husband (id int PRIMARY KEY, wife_id int);
CREATE TABLE wife (id int PRIMARY KEY, husband_id int REFERENCES husband);
ALTER TABLE husband ADD FOREIGN KEY (wife_id) REFERENCES wife;

-- Where the names of things are those of others.
CREATE TABLE "Order" (id int PRIMARY KEY, "Order" int REFERENCES book, "größe" int REFERENCES author);
CREATE TABLE "while" (id int PRIMARY KEY, "loop" int REFERENCES book);

-- A table without a primary key, and others that refer to it.
CREATE TABLE log (at timestamptz, line text UNIQUE);
CREATE TABLE of_log (id int PRIMARY KEY, line text REFERENCES log (line));

-- Deferred and not yet valid ones are keys too.
CREATE TABLE late (id int PRIMARY KEY, book_id int REFERENCES book DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE not_valid (id int PRIMARY KEY, author_id int);
ALTER TABLE not_valid ADD FOREIGN KEY (author_id) REFERENCES author NOT VALID;

-- Partitions have copies of the keys on either side.
CREATE TABLE zone (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE zone_low PARTITION OF zone FOR VALUES FROM (0) TO (10);
CREATE TABLE zone_high PARTITION OF zone FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE zone_highest PARTITION OF zone_high FOR VALUES FROM (15) TO (20);
CREATE TABLE reading (id int PRIMARY KEY, zone_id int REFERENCES zone, book_id int REFERENCES book)
    PARTITION BY RANGE (id);
CREATE TABLE reading_old PARTITION OF reading FOR VALUES FROM (0) TO (10);
CREATE TABLE reading_new (id int PRIMARY KEY, zone_id int, book_id int REFERENCES book);
ALTER TABLE reading ATTACH PARTITION reading_new FOR VALUES FROM (10) TO (20);
CREATE TABLE of_zone (id int PRIMARY KEY, zone_id int REFERENCES zone);
CREATE TABLE of_partition (id int PRIMARY KEY, zone_id int REFERENCES zone_low);

-- Children inherit no key.
CREATE TABLE base (id int PRIMARY KEY, book_id int REFERENCES book);
CREATE TABLE child (more text) INHERITS (base);
CREATE TABLE child_with_key (PRIMARY KEY (id)) INHERITS (base);

CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.book (id int PRIMARY KEY);
CREATE TABLE elsewhere.page (id int PRIMARY KEY, book_id int REFERENCES elsewhere.book, author_id int REFERENCES author);
CREATE TABLE of_elsewhere (id int PRIMARY KEY, book_id int REFERENCES elsewhere.book);
CREATE TABLE elsewhere.reading PARTITION OF reading FOR VALUES FROM (20) TO (30);

-- A constraint with the name of a primary key elsewhere is taken for one.
CREATE TABLE elsewhere.one (id int CONSTRAINT shared PRIMARY KEY);
CREATE TABLE taken_for_key (id int, code text CONSTRAINT shared UNIQUE);
CREATE TABLE with_two (id int PRIMARY KEY, author_id int CONSTRAINT node_pkey REFERENCES author);
CREATE TABLE of_with_two (id int PRIMARY KEY, with_two_id int REFERENCES with_two);
