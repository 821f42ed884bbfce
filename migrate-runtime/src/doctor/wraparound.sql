SELECT pg_catalog.max(pg_catalog.age(datfrozenxid)), pg_catalog.max(pg_catalog.mxid_age(datminmxid)) FROM pg_catalog.pg_database
