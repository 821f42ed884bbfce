SELECT d.oid, d.datname, pg_catalog.shobj_description(d.oid, 'pg_database'),
       d.datallowconn AND pg_catalog.has_database_privilege(d.oid, 'CONNECT')
FROM pg_catalog.pg_database d
-- Whoever is connected to template1 keeps others from making databases.
ORDER BY d.datname = 'template1', d.datname <> 'postgres', d.datname
