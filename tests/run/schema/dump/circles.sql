-- Tables that refer to each other, and to themselves.
CREATE TABLE a (id int PRIMARY KEY, b_id int, a_id int REFERENCES a);
CREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL REFERENCES a ON DELETE CASCADE);
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b DEFERRABLE;
-- A check and a default that call what reads the table.
CREATE TABLE c (id int PRIMARY KEY, n int);
CREATE FUNCTION c_count() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM c; END;
CREATE FUNCTION c_is_right(c) RETURNS bool IMMUTABLE RETURN ($1).n > 0;
ALTER TABLE c ALTER n SET DEFAULT c_count(), ADD CONSTRAINT right_one CHECK (c_is_right(c)), ADD m bigint;
COMMENT ON CONSTRAINT right_one ON c IS 'calls';
-- A domain whose check and default take it.
CREATE DOMAIN d AS int;
CREATE FUNCTION d_is_right(d) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION d_first() RETURNS d IMMUTABLE LANGUAGE sql AS 'SELECT 1::public.d';
ALTER DOMAIN d ADD CONSTRAINT right_d CHECK (d_is_right(VALUE));
ALTER DOMAIN d SET DEFAULT d_first();
-- Functions that call each other.
CREATE FUNCTION even(n int) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION odd(n int) RETURNS bool RETURN CASE WHEN n = 0 THEN false ELSE even(n - 1) END;
CREATE OR REPLACE FUNCTION even(n int) RETURNS bool BEGIN ATOMIC SELECT CASE WHEN n = 0 THEN true ELSE odd(n - 1) END; END;
COMMENT ON FUNCTION even(int) IS 'calls odd';
-- A view over a function that reads the view, and one over a function that takes its rows.
CREATE FUNCTION rows_of_v() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE VIEW v AS SELECT id, rows_of_v() AS n FROM a;
CREATE OR REPLACE FUNCTION rows_of_v() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM v; END;
CREATE VIEW w AS SELECT 1 AS one, NULL::text COLLATE "C" AS "Two";
CREATE FUNCTION text_of(w) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE VIEW w AS SELECT text_of(NULL::w) AS one, 'x' COLLATE "C" AS "Two" FROM a, b;
ALTER VIEW w ALTER one SET DEFAULT 4;
COMMENT ON VIEW w IS 'stands in';
COMMENT ON COLUMN w.one IS 'of it';
-- Views that read each other.
CREATE VIEW x AS SELECT 1 AS one;
CREATE VIEW y AS SELECT one FROM x;
CREATE OR REPLACE VIEW x AS SELECT one FROM y;
-- A sequence of the table that has it for a default, and of another one.
CREATE SEQUENCE s;
CREATE TABLE e (id bigint DEFAULT nextval('s'), other serial);
ALTER SEQUENCE s OWNED BY e.id;
CREATE TABLE f (id bigint DEFAULT nextval('s') + nextval('e_other_seq'));
