ALTER TABLE party ADD COLUMN email text;
CREATE INDEX CONCURRENTLY party_email_idx ON party (email);
