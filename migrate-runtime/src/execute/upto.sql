COALESCE((SELECT u.cursor -> 'upto' FROM {schema}._migrations_progress u WHERE u.version = {version} AND u.direction = 'down'),
         (SELECT pg_catalog.jsonb_build_object('statement', u.statement, 'checksum', u.statement_checksum,
                                               'done', u.cursor -> 'done', 'batch', u.cursor -> 'batch')
          FROM {schema}._migrations_progress u WHERE u.version = {version} AND u.direction = 'up'))
