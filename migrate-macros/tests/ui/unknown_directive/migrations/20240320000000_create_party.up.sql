-- migrate:no-transactoin
CREATE INDEX CONCURRENTLY party_email_idx ON party (email);
