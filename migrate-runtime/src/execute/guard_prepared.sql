
    WHEN (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statement()) <> {count} THEN {others}
