-- migrate:statement-timeout 5min
--
-- Gives every title back as it was entered, except those that somebody has edited since. Where the
-- way there has stopped half-way, what is kept is what it has tidied.
--
-- There is no query that verifies this: a title that is tidy now may have been given back, and tidied
-- by hand since.

-- migrate:batch table=contract_titles_as_entered key=contract_id size=5000
UPDATE contracts
SET title = kept.entered
FROM contract_titles_as_entered AS kept
WHERE kept.contract_id >= :batch_start
    AND kept.contract_id < :batch_end
    AND contracts.id = kept.contract_id
    AND contracts.title = kept.tidied;

DROP TABLE contract_titles_as_entered;
