SELECT i.inhdetachpending FROM pg_catalog.pg_inherits i
WHERE i.inhparent = pg_catalog.to_regclass({table}) AND i.inhrelid = pg_catalog.to_regclass({partition})
