SELECT CASE WHEN pg_catalog.count(*) FILTER (WHERE
               a.attname IN ('version', 'name', 'checksum') AND t.typcategory = 'S'
            OR a.attname IN ('id', 'execution_time') AND t.typcategory = 'N'
            OR a.attname = 'applied_at' AND t.typcategory = 'D') = 6
          AND pg_catalog.count(*) FILTER (WHERE a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
            AND a.attname NOT IN ('version', 'name', 'checksum', 'execution_time')) = 0
        THEN NULL
        ELSE pg_catalog.encode(pg_catalog.convert_to(pg_catalog.string_agg(
            a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum), 'UTF8'), 'hex')
   END AS value
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = pg_catalog.to_regclass({migrations}) AND a.attnum > 0 AND NOT a.attisdropped
