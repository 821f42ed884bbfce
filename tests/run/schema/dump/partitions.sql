CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE p (id int GENERATED ALWAYS AS IDENTITY, at date NOT NULL DEFAULT '2026-01-01', kind text COLLATE "C", n int DEFAULT 5,
    twice int GENERATED ALWAYS AS (n * 2) STORED,
    CONSTRAINT p_key PRIMARY KEY (at, kind, id), CHECK (n > 0), UNIQUE (kind, at, n), FOREIGN KEY (n) REFERENCES other) PARTITION BY RANGE (at);
CREATE TABLE a_first PARTITION OF p FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE p_lists PARTITION OF p (CONSTRAINT own CHECK (n < 100), n DEFAULT 7) FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
CREATE TABLE p_list_a PARTITION OF p_lists FOR VALUES IN ('it''s', NULL) WITH (fillfactor = 70);
CREATE TABLE p_list_hash PARTITION OF p_lists DEFAULT PARTITION BY HASH (kind);
CREATE TABLE p_hash_0 PARTITION OF p_list_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE UNLOGGED TABLE p_hash_1 PARTITION OF p_list_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- Its columns are in another order, and it has had others.
CREATE TABLE other_order (gone int, n int, kind text COLLATE "C", at date NOT NULL, more text, id int NOT NULL, twice int GENERATED ALWAYS AS (n * 2) STORED,
    CONSTRAINT p_n_check CHECK (n > 0), CONSTRAINT odd_key PRIMARY KEY (at, kind, id));
ALTER TABLE other_order DROP gone, DROP more;
ALTER TABLE other_order ADD CONSTRAINT odd_unique UNIQUE (kind, at, n);
CREATE INDEX odd_index ON other_order (n) WITH (fillfactor = 60);
ALTER TABLE p ATTACH PARTITION other_order FOR VALUES FROM ('2030-01-01') TO (MAXVALUE);
CREATE INDEX p_n ON p (n);
CREATE INDEX only_here ON ONLY p (kind);
CREATE INDEX p_list_a_own ON p_list_a (kind);
ALTER TABLE p_list_a ADD CONSTRAINT alone UNIQUE (at), ADD FOREIGN KEY (n) REFERENCES other (id) ON DELETE CASCADE;
CREATE TRIGGER t AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER of_one BEFORE INSERT ON p_list_a FOR EACH ROW EXECUTE FUNCTION f();
CREATE TABLE refers (at date, kind text, id int, FOREIGN KEY (at, kind, id) REFERENCES p);
CREATE TABLE empty (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE INDEX ON empty (id);
COMMENT ON COLUMN p_list_a.n IS 'of a partition';
COMMENT ON INDEX p_n IS 'of all';
COMMENT ON CONSTRAINT p_key ON p IS 'split';
CREATE PUBLICATION parts FOR TABLE p WITH (publish_via_partition_root);
ALTER TABLE p_hash_0 REPLICA IDENTITY FULL;
-- Inheritance.
CREATE TABLE parent (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'x', CONSTRAINT named CHECK (name <> ''), CONSTRAINT here CHECK (id > 0) NO INHERIT);
CREATE TABLE parent2 (name text NOT NULL DEFAULT 'x', at date);
CREATE TABLE child (own int, CHECK (own > 0)) INHERITS (parent);
CREATE TABLE a_child (name text, own int) INHERITS (parent, parent2);
CREATE TABLE grand (more int) INHERITS (child);
ALTER TABLE child ALTER name SET DEFAULT 'y', ALTER id DROP DEFAULT, ALTER own SET NOT NULL;
ALTER TABLE ONLY grand ALTER name DROP DEFAULT, ALTER id SET NOT NULL;
ALTER TABLE parent ADD CONSTRAINT later CHECK (id < 1000) NOT VALID;
ALTER TABLE child VALIDATE CONSTRAINT later;
CREATE TABLE joined (own int, name text NOT NULL DEFAULT 'z', id int NOT NULL, CONSTRAINT named CHECK (name <> ''), CONSTRAINT later CHECK (id < 1000));
ALTER TABLE joined INHERIT parent;
CREATE INDEX ON child (name);
-- A check that was never validated, and goes to children of children.
CREATE TABLE nv_base (a int);
CREATE TABLE nv_mid () INHERITS (nv_base);
CREATE TABLE nv_leaf (c int, a int) INHERITS (nv_mid);
CREATE TABLE nv_both () INHERITS (nv_mid, nv_leaf);
ALTER TABLE nv_base ADD CONSTRAINT nv CHECK (a <> 7) NOT VALID;
CREATE TABLE nv_later () INHERITS (nv_leaf);
CREATE TABLE nv_p (a int) PARTITION BY LIST (a);
CREATE TABLE a_nv_p1 PARTITION OF nv_p FOR VALUES IN (1) PARTITION BY LIST (a);
CREATE TABLE a_nv_p11 PARTITION OF a_nv_p1 FOR VALUES IN (1);
ALTER TABLE nv_p ADD CONSTRAINT nv CHECK (a <> 7) NOT VALID;
