SELECT e.value
FROM (SELECT {upto} AS it) AS u, pg_catalog.jsonb_array_elements_text(u.it #> '{batch,at}') WITH ORDINALITY AS e (value, n)
ORDER BY e.n
