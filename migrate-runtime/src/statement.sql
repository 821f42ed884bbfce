-- Without its texts, which may be secrets. Where one ends depends on comments, names and how backslashes count,
-- so that nothing is shown from where the first one may begin.
       CASE WHEN a.query NOT IN ('', '<insufficient privilege>') THEN pg_catalog.left(pg_catalog.btrim(
           pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.left(a.query, 1000),
               $r$('|\$[^$\s']*\$).*$r$, '…'), '\s+', ' ', 'g')), 120)
       END
