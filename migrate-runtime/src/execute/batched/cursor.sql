SELECT p.cursor ->> 'batch', p.cursor #>> '{batch,behind}', p.cursor #>> '{batch,rows}', p.cursor #>> '{batch,total}',
       p.cursor #>> '{batch,batches}', p.cursor #>> '{batch,size}', p.cursor #>> '{batch,inserted}', p.cursor #>> '{batch,end}'
FROM {schema}._migrations_progress p
WHERE p.version = {version} AND p.direction = {direction}
