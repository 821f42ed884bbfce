-- migrate:batch table=party size=0 key=id
UPDATE party SET kind = 'person' WHERE id >= :batch_start AND id < :batch_end;

-- migrate:batch table=party kye=id
UPDATE party SET kind = 'person' WHERE id >= :batch_start AND id < :batch_end;

-- migrate:batch table=party key=id
UPDATE party SET kind = 'person' WHERE id >= :batch_start;

-- migrate:batch table=party key=id
UPDATE party SET kind = 'person' WHERE id > :batch_start AND id < :batch_end;

-- migrate:batch table=party key=id
CREATE INDEX ON party (kind);

UPDATE party SET kind = 'person' WHERE id >= :batch_start AND id < :batch_end;
