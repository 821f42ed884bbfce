-- The owner of a contract is looked up often.
CREATE INDEX contracts_id_idx ON contracts (id);
