-- Takes the obligations and their deadlines away.

DROP TABLE deadlines;
DROP TABLE obligations;
