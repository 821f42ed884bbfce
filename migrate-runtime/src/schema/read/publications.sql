SELECT {id}, 'publication', NULL, NULL, p.pubname,
       CASE WHEN p.puballtables THEN 'ALL TABLES' ELSE
           (SELECT pg_catalog.string_agg(it, ', ' ORDER BY it COLLATE pg_catalog."C") FROM
               (SELECT 'TABLE ' || r.prrelid::pg_catalog.regclass::text || COALESCE(' (' || {published_columns} || ')', '')
                       || COALESCE(' WHERE (' || {published_rows} || ')', '')
                FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid
                {published_schemas}) AS published (it))
       END,
       pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
           CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
       CASE WHEN p.pubviaroot THEN 'via the partition root' END,
       NULLIF(pg_catalog.to_jsonb(p) ->> 'pubgencols', 'n'),
       pg_catalog.pg_get_userbyid(p.pubowner), {comment}
FROM pg_catalog.pg_publication p
WHERE {is_no_member}
