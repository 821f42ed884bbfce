SELECT it.name FROM (VALUES (1, '_migrations_log'), (2, '_migrations_script'), (3, '_migrations_progress'), (4, '_migrations_meta')) AS it (place, name)
WHERE pg_catalog.to_regclass({migrations}) IS NOT NULL
  AND pg_catalog.to_regclass({prefix} || it.name) IS NULL
ORDER BY it.place
