-- Takes the parties and their contacts away.

DROP TABLE party_contacts;
DROP TABLE parties;
