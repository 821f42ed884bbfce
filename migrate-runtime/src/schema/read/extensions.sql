SELECT {id}, 'extension', NULL, NULL, e.extname,
       e.extversion, n.nspname, pg_catalog.pg_get_userbyid(e.extowner), {comment}
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
-- Every database has it from the beginning.
WHERE e.extname <> 'plpgsql' OR n.nspname <> 'pg_catalog'
