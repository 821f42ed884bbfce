-- Takes the documents away; the bytes in the object storage stay.

DROP TABLE documents;
