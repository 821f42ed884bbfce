pg_catalog.jsonb_build_object('index', pg_catalog.to_regclass({name})::pg_catalog.oid::text)
