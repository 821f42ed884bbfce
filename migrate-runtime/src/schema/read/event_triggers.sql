SELECT {id}, 'event trigger', NULL, NULL, e.evtname,
       e.evtevent, e.evtfoid::pg_catalog.regprocedure::text,
       (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(it), ', ' ORDER BY it COLLATE pg_catalog."C") FROM pg_catalog.unnest(e.evttags) it),
       CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END,
       pg_catalog.pg_get_userbyid(e.evtowner), {comment}
FROM pg_catalog.pg_event_trigger e
WHERE {is_no_member}
