-- migrate:verify
UPDATE party SET kind = NULL;

-- migrate:verify
SELECT NOT EXISTS (SELECT FROM party WHERE kind IS NOT NULL);

UPDATE party SET name = NULL;

-- migrate:verify
