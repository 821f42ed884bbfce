pg_catalog.concat_ws(' ', 'pg_catalog.{class}'::pg_catalog.regclass::pg_catalog.oid, {oid}, {column})
