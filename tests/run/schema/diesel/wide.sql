-- wide: print-schema
-- wide_short: print-schema --schema short
-- wide_medium: print-schema --schema medium

-- As many columns as a table can have. Diesel has none of more than 128.
DO $$
BEGIN
    EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg('c' || it || ' bool', ', ') FROM generate_series(1, 1599) it)
        || ', id int PRIMARY KEY)';
    -- Many tables with short names, and a few that are just short enough.
    CREATE SCHEMA short;
    FOR it IN 1 .. 60 LOOP
        EXECUTE format('CREATE TABLE short.%I (id int PRIMARY KEY)', repeat('t', 1 + it % 7) || it);
    END LOOP;
    CREATE SCHEMA medium;
    CREATE TABLE medium.exactly_11c (id int PRIMARY KEY);
    CREATE TABLE medium.exactly10c (id int PRIMARY KEY);
    CREATE TABLE medium.a (id int PRIMARY KEY);
    CREATE TABLE medium.no_more_than_this (id int PRIMARY KEY);
END
$$;
