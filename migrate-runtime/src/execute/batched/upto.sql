SELECT u.it ->> 'statement', u.it #>> '{batch,behind}', u.it #>> '{batch,rows}', u.it ->> 'checksum', u.it ->> 'done'
FROM (SELECT {upto} AS it) AS u
