-- A row for each attribute, and one for each object that has none.
SELECT o ->> 'kind', o ->> 'schema', o ->> 'table', o ->> 'name', a ->> 0, a ->> 1
FROM {schema}._migrations_meta m
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(m.value) WITH ORDINALITY AS objects (o, place)
LEFT JOIN LATERAL pg_catalog.jsonb_array_elements(o -> 'attributes') WITH ORDINALITY AS attributes (a, part) ON true
WHERE m.key = 'schema_objects'
ORDER BY place, part
