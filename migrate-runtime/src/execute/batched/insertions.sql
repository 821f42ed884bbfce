COALESCE((SELECT pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(relid))::bigint FROM pg_catalog.pg_partition_tree({oid}) WHERE isleaf),
         pg_catalog.pg_stat_get_tuples_inserted({oid}))
