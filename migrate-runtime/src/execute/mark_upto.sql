 || pg_catalog.jsonb_build_object('upto', {upto})
