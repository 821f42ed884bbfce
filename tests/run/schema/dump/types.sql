CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE SCHEMA tools;
CREATE EXTENSION pg_trgm SCHEMA tools;
CREATE EXTENSION btree_gist;
CREATE FUNCTION positive(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE DOMAIN count AS int CHECK (positive(VALUE));
CREATE DOMAIN few AS count NOT NULL CHECK (VALUE < 10);
CREATE DOMAIN emails AS citext[] CHECK (cardinality(VALUE) < 9);
CREATE DOMAIN later AS text;
ALTER DOMAIN later ADD CONSTRAINT filled CHECK (VALUE <> '') NOT VALID;
CREATE TYPE money_of AS (amount numeric(12,2), currency char(3), tags hstore);
CREATE TYPE prices AS (one money_of, more money_of[], name text COLLATE "C");
CREATE FUNCTION less(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 - $2';
CREATE TYPE spans AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = less, MULTIRANGE_TYPE_NAME = many_spans);
CREATE TYPE words AS RANGE (SUBTYPE = text, COLLATION = "C");
CREATE TABLE everything (
    a smallint, b bigint, c numeric, d numeric(3,1) DEFAULT -1.5, e real, f double precision, g "char", h char(3), i varchar(5), j name,
    k bytea DEFAULT '\xdead', l timestamp(3), m timestamptz DEFAULT now(), n date DEFAULT '2026-01-01', o time(0), p timetz, q interval day to second(3),
    r bool DEFAULT true, s bit(4) DEFAULT B'1010', t bit varying(9), u uuid DEFAULT gen_random_uuid(), v xml, w json DEFAULT '{}', x jsonb[] DEFAULT '{}',
    y inet, z macaddr, aa point DEFAULT '(1,2)', ab tsvector, ac tsquery, ad int4range DEFAULT '[1,3)', ae datemultirange, af citext, ag hstore,
    ah count DEFAULT 1, ai few, aj emails, ak money_of, al prices[], am spans, an many_spans, ao words, ap text[][] DEFAULT ARRAY['a', 'b'], aq int[3],
    ar regclass DEFAULT 'pg_class', at oid, au pg_lsn, av varchar COLLATE "C", aw text GENERATED ALWAYS AS (lower(i) || 'x') STORED,
    ax timestamptz DEFAULT (now() AT TIME ZONE 'utc') + interval '1 day', ay text DEFAULT current_user, az later, ba jsonb,
    EXCLUDE USING gist (am WITH &&, b WITH =) WHERE (b > 0) DEFERRABLE,
    UNIQUE NULLS NOT DISTINCT (a, b) INCLUDE (c) WITH (fillfactor = 60),
    CHECK (i IN ('a', 'b')), CHECK (h IN ('a', 'b') OR af = 'x' AND (av ~~ 'a%') IS TRUE), CHECK (a BETWEEN 1 AND 3),
    CHECK (i = ANY ('{a,b}') AND b = ANY (ARRAY[1, 2]) AND j NOT IN ('a', 'b') AND (ak).amount > 0),
    CHECK (i NOT IN ('a', 'b') AND i <> ALL (ARRAY['c', 'd']::varchar[]))
);
ALTER TABLE everything ALTER ap SET STORAGE EXTERNAL, ALTER x SET COMPRESSION pglz, ALTER i SET STATISTICS 99, ALTER i SET (n_distinct = -0.5);
CREATE INDEX trigrams ON everything USING gin (i tools.gin_trgm_ops, ba jsonb_path_ops) WHERE i IN ('a', 'b');
CREATE UNIQUE INDEX partly ON everything (lower(i) COLLATE "C" text_pattern_ops DESC) INCLUDE (a) WITH (fillfactor = 70) WHERE a > 0;
ALTER INDEX partly ALTER COLUMN 1 SET STATISTICS 77;
CREATE TABLE typed OF money_of (PRIMARY KEY (currency), amount WITH OPTIONS DEFAULT 7 NOT NULL, CHECK (amount > 0));
CREATE UNLOGGED TABLE unlogged (id serial PRIMARY KEY, other int GENERATED ALWAYS AS IDENTITY, big bigserial) WITH (fillfactor = 50, autovacuum_enabled = off, toast.autovacuum_enabled = off);
CREATE SEQUENCE down AS smallint INCREMENT -2 START -5 CACHE 3 CYCLE;
CREATE SEQUENCE up MINVALUE 0 MAXVALUE 100 START 50 NO CYCLE OWNED BY unlogged.big;
ALTER TABLE unlogged ALTER big SET DEFAULT nextval('up') + nextval('down');
CREATE VIEW v AS SELECT i, a FROM everything WHERE i IN ('a', 'b') UNION ALL SELECT currency, 1 FROM typed ORDER BY 1;
ALTER VIEW v ALTER a SET DEFAULT 3;
COMMENT ON COLUMN v.a IS 'of a view';
COMMENT ON COLUMN money_of.tags IS 'of a type';
CREATE MATERIALIZED VIEW m WITH (fillfactor = 80) AS SELECT *, tools.similarity(i, 'x') AS s FROM v WITH NO DATA;
CREATE MATERIALIZED VIEW over_m AS SELECT count(*) FROM everything;
CREATE UNIQUE INDEX m_i ON m (i);
ALTER MATERIALIZED VIEW m CLUSTER ON m_i;
ALTER MATERIALIZED VIEW m ALTER i SET STATISTICS 55;
CREATE STATISTICS st ON a, b FROM everything;
ALTER STATISTICS st SET STATISTICS 9;
-- What the text of a function reads is known to nobody.
CREATE TABLE zz (name text);
CREATE FUNCTION reads(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT name FROM public.zz WHERE name = t';
CREATE INDEX a_reads ON everything (reads(i));
