SELECT d.datname
FROM pg_catalog.pg_database d
WHERE pg_catalog.starts_with(d.datname, {name})
  AND pg_catalog.shobj_description(d.oid, 'pg_database') = {comment}
ORDER BY 1
