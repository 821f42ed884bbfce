COALESCE((SELECT pg_catalog.jsonb_build_object('table', i.inhparent::text, 'partition', i.inhrelid::text) FROM pg_catalog.pg_inherits i
 WHERE i.inhparent = pg_catalog.to_regclass({table}) AND i.inhrelid = pg_catalog.to_regclass({partition})), '{}')
