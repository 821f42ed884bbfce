-- Without its texts, which may be secrets: those in quotes, and whatever comes after a dollar quote.
       CASE WHEN a.query NOT IN ('', '<insufficient privilege>') THEN pg_catalog.left(pg_catalog.btrim(
           pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.left(a.query, 1000),
               $r$\$[[:alnum:]_]*\$.*$r$, '$…$'), $r$'(?:[^'\\]|\\.|'')*'?$r$, $r$'…'$r$, 'g'), '\s+', ' ', 'g')), 120)
       END
