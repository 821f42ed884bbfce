SELECT pg_catalog.sum(pg_catalog.hashtextextended(t.ctid::pg_catalog.text || t.xmin::pg_catalog.text{more}, {number})) AS hash FROM pg_catalog.{catalog} t WHERE {rows}
