-- types: print-schema
-- types_derived: print-schema --custom-type-derives Debug --custom-type-derives Clone --custom-type-derives diesel::query_builder::QueryId --import-types diesel::sql_types::* --import-types diesel::pg::sql_types::*
-- types_of_users: print-schema --no-generate-missing-sql-type-definitions --only-tables ^made$
-- types_with_domains: print-schema --only-tables ^domains$ --pg-domains-as-custom-types ^positive$ --pg-domains-as-custom-types ^wide_text$
-- types_but_some: print-schema --only-tables ^made$ --except-custom-type-definitions ^Mood$ --except-custom-type-definitions ^Pair$

-- Every type of PostgreSQL 15 that a column can have, at most 16 columns a table: more are a feature of Diesel.
CREATE TABLE scalars_1 (
    id bigint PRIMARY KEY,
    _bool boolean,
    _bytea bytea NOT NULL,
    _char "char",
    _name name NOT NULL,
    _int8 bigint,
    _int2 smallint NOT NULL,
    _int2vector int2vector,
    _int4 integer NOT NULL,
    _regproc regproc,
    _text text NOT NULL,
    _oid oid,
    _tid tid NOT NULL,
    _xid xid,
    _cid cid NOT NULL,
    _oidvector oidvector
);
CREATE TABLE scalars_2 (
    id bigint PRIMARY KEY,
    _json json,
    _xml xml NOT NULL,
    _pg_node_tree pg_node_tree,
    _point point NOT NULL,
    _lseg lseg,
    _path path NOT NULL,
    _box box,
    _polygon polygon NOT NULL,
    _line line,
    _cidr cidr NOT NULL,
    _float4 real,
    _float8 double precision NOT NULL,
    _circle circle,
    _macaddr8 macaddr8 NOT NULL,
    _money money
);
CREATE TABLE scalars_3 (
    id bigint PRIMARY KEY,
    _macaddr macaddr,
    _inet inet NOT NULL,
    _aclitem aclitem,
    _bpchar character NOT NULL,
    _varchar character varying,
    _date date NOT NULL,
    _time time without time zone,
    _timestamp timestamp without time zone NOT NULL,
    _timestamptz timestamp with time zone,
    _interval interval NOT NULL,
    _timetz time with time zone,
    _bit bit NOT NULL,
    _varbit bit varying,
    _numeric numeric NOT NULL,
    _refcursor refcursor
);
CREATE TABLE scalars_4 (
    id bigint PRIMARY KEY,
    _regprocedure regprocedure,
    _regoper regoper NOT NULL,
    _regoperator regoperator,
    _regclass regclass NOT NULL,
    _regtype regtype,
    _uuid uuid NOT NULL,
    _txid_snapshot txid_snapshot,
    _pg_lsn pg_lsn NOT NULL,
    _pg_ndistinct pg_ndistinct,
    _pg_dependencies pg_dependencies NOT NULL,
    _tsvector tsvector,
    _tsquery tsquery NOT NULL,
    _gtsvector gtsvector,
    _regconfig regconfig NOT NULL,
    _regdictionary regdictionary
);
CREATE TABLE scalars_5 (
    id bigint PRIMARY KEY,
    _jsonb jsonb,
    _int4range int4range NOT NULL,
    _numrange numrange,
    _tsrange tsrange NOT NULL,
    _tstzrange tstzrange,
    _daterange daterange NOT NULL,
    _int8range int8range,
    _jsonpath jsonpath NOT NULL,
    _regnamespace regnamespace,
    _regrole regrole NOT NULL,
    _regcollation regcollation,
    _int4multirange int4multirange NOT NULL,
    _nummultirange nummultirange,
    _tsmultirange tsmultirange NOT NULL,
    _tstzmultirange tstzmultirange
);
CREATE TABLE scalars_6 (
    id bigint PRIMARY KEY,
    _datemultirange datemultirange,
    _int8multirange int8multirange NOT NULL,
    _pg_brin_bloom_summary pg_brin_bloom_summary,
    _pg_brin_minmax_multi_summary pg_brin_minmax_multi_summary NOT NULL,
    _pg_mcv_list pg_mcv_list,
    _pg_snapshot pg_snapshot NOT NULL,
    _xid8 xid8
);
CREATE TABLE arrays_1 (
    id bigint PRIMARY KEY,
    _bool boolean[] NOT NULL,
    _bytea bytea[],
    _char "char"[],
    _name name[] NOT NULL,
    _int8 bigint[],
    _int2 smallint[],
    _int2vector int2vector[] NOT NULL,
    _int4 integer[],
    _regproc regproc[],
    _text text[] NOT NULL,
    _oid oid[],
    _tid tid[],
    _xid xid[] NOT NULL,
    _cid cid[],
    _oidvector oidvector[]
);
CREATE TABLE arrays_2 (
    id bigint PRIMARY KEY,
    _json json[] NOT NULL,
    _xml xml[],
    _point point[],
    _lseg lseg[] NOT NULL,
    _path path[],
    _box box[],
    _polygon polygon[] NOT NULL,
    _line line[],
    _cidr cidr[],
    _float4 real[] NOT NULL,
    _float8 double precision[],
    _circle circle[],
    _macaddr8 macaddr8[] NOT NULL,
    _money money[],
    _macaddr macaddr[]
);
CREATE TABLE arrays_3 (
    id bigint PRIMARY KEY,
    _inet inet[] NOT NULL,
    _aclitem aclitem[],
    _bpchar character[],
    _varchar character varying[] NOT NULL,
    _date date[],
    _time time without time zone[],
    _timestamp timestamp without time zone[] NOT NULL,
    _timestamptz timestamp with time zone[],
    _interval interval[],
    _timetz time with time zone[] NOT NULL,
    _bit bit[],
    _varbit bit varying[],
    _numeric numeric[] NOT NULL,
    _refcursor refcursor[],
    _regprocedure regprocedure[]
);
CREATE TABLE arrays_4 (
    id bigint PRIMARY KEY,
    _regoper regoper[] NOT NULL,
    _regoperator regoperator[],
    _regclass regclass[],
    _regtype regtype[] NOT NULL,
    _uuid uuid[],
    _txid_snapshot txid_snapshot[],
    _pg_lsn pg_lsn[] NOT NULL,
    _tsvector tsvector[],
    _tsquery tsquery[],
    _gtsvector gtsvector[] NOT NULL,
    _regconfig regconfig[],
    _regdictionary regdictionary[],
    _jsonb jsonb[] NOT NULL,
    _int4range int4range[],
    _numrange numrange[]
);
CREATE TABLE arrays_5 (
    id bigint PRIMARY KEY,
    _tsrange tsrange[] NOT NULL,
    _tstzrange tstzrange[],
    _daterange daterange[],
    _int8range int8range[] NOT NULL,
    _jsonpath jsonpath[],
    _regnamespace regnamespace[],
    _regrole regrole[] NOT NULL,
    _regcollation regcollation[],
    _int4multirange int4multirange[],
    _nummultirange nummultirange[] NOT NULL,
    _tsmultirange tsmultirange[],
    _tstzmultirange tstzmultirange[],
    _datemultirange datemultirange[] NOT NULL,
    _int8multirange int8multirange[],
    _pg_snapshot pg_snapshot[]
);
CREATE TABLE arrays_6 (
    id bigint PRIMARY KEY,
    _xid8 xid8[] NOT NULL
);
CREATE TABLE modified (
    id serial PRIMARY KEY,
    a varchar(10),
    b varchar(10)[],
    c char(3) NOT NULL,
    d char,
    e bpchar,
    f bit(4),
    g bit,
    h varbit(5),
    i numeric(10, 2),
    j numeric(3, 0)[],
    k timestamp(3),
    l timestamptz(0) NOT NULL,
    m time(2),
    n interval day to second(3),
    o varchar(10485760)
);

CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE EXTENSION cube;
CREATE SCHEMA large;
CREATE EXTENSION lo SCHEMA large;
CREATE EXTENSION earthdistance;
CREATE TYPE lo AS ENUM ('not the other one');
CREATE TABLE of_extensions (
    a citext PRIMARY KEY,
    b citext[],
    c hstore NOT NULL,
    d ltree[],
    e large.lo,
    f earth,
    h lo,
    g cube NOT NULL
);

CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE "HTTPStatus class" AS ENUM ('1xx', '2xx');
CREATE TYPE pair AS (one int, two text);
CREATE TYPE span AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = spans);
CREATE TYPE interval_ AS ENUM ('day');
CREATE TYPE json AS ENUM ('not the other one');
CREATE TYPE _hidden AS ENUM ('a');
CREATE TYPE "größe" AS ENUM ('s', 'xl');
CREATE TYPE "a ""quoted"" # name" AS ENUM ('x');
CREATE TYPE as_long_as_a_name_can_be_in_postgresql_which_is_63_bytes_or_so_ AS ENUM ('x');
CREATE SCHEMA other;
CREATE TYPE other.mood AS ENUM ('elsewhere');
CREATE TYPE other.kind AS ENUM ('a');
CREATE TABLE other.rows_as_types (a int);
CREATE TABLE made (
    id mood PRIMARY KEY,
    a mood[] NOT NULL,
    b "HTTPStatus class",
    c pair[],
    d span,
    e spans[] NOT NULL,
    f interval_,
    g public.json,
    h _hidden,
    i _hidden[],
    j "größe" NOT NULL,
    k "a ""quoted"" # name",
    l as_long_as_a_name_can_be_in_postgresql_which_is_63_bytes_or_so_,
    m as_long_as_a_name_can_be_in_postgresql_which_is_63_bytes_or_so_[],
    n other.kind[],
    o other.rows_as_types
);
CREATE TABLE same_name (id bigint PRIMARY KEY, a other.mood, b mood);

CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN required AS positive NOT NULL;
CREATE DOMAIN wide_text AS varchar(20) COLLATE "C" NOT NULL;
CREATE DOMAIN words AS varchar(3)[];
CREATE DOMAIN mood_of_mine AS mood;
CREATE DOMAIN other.far AS other.kind;
CREATE TABLE domains (
    id positive PRIMARY KEY,
    a required,
    b wide_text,
    c wide_text[],
    d words,
    e mood_of_mine,
    f other.far NOT NULL,
    g information_schema.yes_or_no,
    h information_schema.cardinal_number NOT NULL,
    i information_schema.time_stamp,
    j information_schema.sql_identifier
);
