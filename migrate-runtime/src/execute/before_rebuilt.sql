CASE WHEN pg_catalog.to_regclass({name}) IS NULL THEN '{}' ELSE
(SELECT pg_catalog.jsonb_build_object('table', t.oid::text, 'left', (
    SELECT COALESCE(pg_catalog.jsonb_agg(i.indexrelid::text), '[]') FROM pg_catalog.pg_index i
    WHERE i.indrelid IN (t.oid, t.reltoastrelid) AND NOT i.indisvalid))
 FROM pg_catalog.pg_class t
 WHERE t.relkind IN ('r', 'm') AND t.oid = COALESCE(
    (SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = pg_catalog.to_regclass({name})),
    pg_catalog.to_regclass({name}))) END
