UNION ALL SELECT 'TABLES IN SCHEMA ' || s.pnnspid::pg_catalog.regnamespace::text
                FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid
