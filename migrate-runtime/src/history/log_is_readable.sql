SELECT pg_catalog.has_table_privilege(pg_catalog.to_regclass({log})::oid, 'SELECT')
