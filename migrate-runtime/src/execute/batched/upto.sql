SELECT u.it ->> 'statement', u.it #>> '{batch,behind}', u.it #>> '{batch,rows}' FROM (SELECT {upto} AS it) AS u
