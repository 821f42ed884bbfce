WITH script AS (DELETE FROM {schema}._migrations_script WHERE version = {version}),
     history AS (DELETE FROM {schema}._migrations WHERE version = {version})
SELECT {elapsed}, NULL
