-- Takes the approvals away.

DROP TABLE approvals;
