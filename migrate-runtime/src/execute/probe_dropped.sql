SELECT p.cursor #>> '{before,index}' IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = (p.cursor #>> '{before,index}')::pg_catalog.oid)
FROM {schema}._migrations_progress p
WHERE p.version = {version} AND p.direction = {direction}
