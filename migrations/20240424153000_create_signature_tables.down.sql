-- Takes the signatures away.

DROP TABLE signatures;
