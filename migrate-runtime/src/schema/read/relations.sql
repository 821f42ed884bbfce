(SELECT c.*, n.nspname FROM pg_catalog.pg_class c
 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE {is_users} AND {is_no_member}
   AND NOT (n.nspname = {schema} AND c.relname IN ('_migrations', '_migrations_log', '_migrations_script', '_migrations_progress', '_migrations_meta')))
