SELECT l.objid FROM pg_catalog.pg_locks l
WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND l.pid = {pid}
  AND l.mode = 'AccessExclusiveLock' AND l.granted
