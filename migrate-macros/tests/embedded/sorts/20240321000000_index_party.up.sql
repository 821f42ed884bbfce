CREATE INDEX CONCURRENTLY party_name_idx ON party (name);
CREATE INDEX CONCURRENTLY party_id_idx ON party (id);
