SELECT pg_catalog.to_regclass({name}) IS NULL
