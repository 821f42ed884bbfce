SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE condeferrable)
