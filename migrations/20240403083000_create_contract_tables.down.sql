-- Takes the contracts and their links to parties away.

DROP TABLE contract_parties;
DROP TABLE contracts;
