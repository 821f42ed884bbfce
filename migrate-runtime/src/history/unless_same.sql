(SELECT pg_catalog.count(*) = {count} AND pg_catalog.bool_and(
            pg_catalog.age(xmin) > pg_catalog.age('{oldest}'::pg_catalog.xid8::pg_catalog.xid)
            -- That of a row of which nobody knows who wrote it, as of a foreign table.
            AND pg_catalog.age(xmin) < 2147483647) AS same
 FROM {schema}._migrations) k LEFT JOIN {schema}._migrations m ON NOT k.same
