(SELECT d.description FROM pg_catalog.pg_description d WHERE d.objoid = {oid} AND d.classoid = 'pg_catalog.{class}'::pg_catalog.regclass AND d.objsubid = {column})
