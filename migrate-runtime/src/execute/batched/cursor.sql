SELECT p.cursor ->> 'batch', p.cursor #>> '{batch,behind}', p.cursor #>> '{batch,rows}', p.cursor #>> '{batch,total}',
       p.cursor #>> '{batch,batches}', p.cursor #>> '{batch,size}', p.cursor #>> '{batch,inserted}'
FROM {schema}._migrations_progress p
WHERE p.version = {version} AND p.direction = {direction};
SELECT e.value
FROM {schema}._migrations_progress p,
     pg_catalog.jsonb_array_elements_text(p.cursor #> '{batch,at}') WITH ORDINALITY AS e (value, n)
WHERE p.version = {version} AND p.direction = {direction}
ORDER BY e.n
