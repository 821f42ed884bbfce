(SELECT pg_catalog.count(*) = {count} AND pg_catalog.bool_and(
            pg_catalog.age(xmin) > pg_catalog.age('{oldest}'::pg_catalog.xid8::pg_catalog.xid)) AS same
 FROM {schema}._migrations) k LEFT JOIN {schema}._migrations m ON NOT k.same
