SELECT a, count(*) FROM (VALUES (1, 'x'), (2, 'y')) t(a, b) WHERE b LIKE '%x%' GROUP BY ALL ORDER BY 1 LIMIT 3
