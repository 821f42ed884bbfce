-- migrate:lock-timeout 2s
-- migrate:statement-timeout 5min
--
-- Gives every title back as it was entered, except those that somebody has edited since.

UPDATE contracts
SET title = kept.entered
FROM contract_titles_as_entered AS kept
WHERE contracts.id = kept.contract_id
    AND contracts.title = kept.tidied;

DROP TABLE contract_titles_as_entered;
