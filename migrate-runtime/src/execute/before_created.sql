(SELECT pg_catalog.jsonb_build_object('table', t.oid::text, 'index', (
    SELECT c.oid::text FROM pg_catalog.pg_class c
    WHERE c.relnamespace = t.relnamespace AND c.relname = (pg_catalog.parse_ident({index}))[1]::pg_catalog.name))
 FROM (SELECT pg_catalog.to_regclass({table})::pg_catalog.oid AS found) AS it LEFT JOIN pg_catalog.pg_class t ON t.oid = it.found)
