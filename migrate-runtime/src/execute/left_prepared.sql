
    WHEN (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statement()) <> {count} THEN 'MG007: the script left prepared statements'
