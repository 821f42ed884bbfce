-- Takes the versions and their clauses away.

DROP TABLE clauses;
DROP TABLE contract_versions;
