-- What a tenant may try to see, count or change rows of another one. tests/isolation/README.md says how it is run:
-- a name, then the statement; $t is a table, $owner its tenant column, $alice and $bob are the two tenants.

-- # Plain reading

-- all columns
SELECT * FROM $t ORDER BY id

-- one column
SELECT body FROM $t ORDER BY id

-- FROM first
FROM $t ORDER BY id

-- the count
SELECT count(*) FROM $t

-- the count without columns
SELECT 1 FROM $t

-- the tenant column by hand
SELECT * FROM $t WHERE $owner = '$bob'

-- everything but my own
SELECT * FROM $t WHERE $owner <> '$alice'

-- a condition that is always true
SELECT * FROM $t WHERE $owner = '$bob' OR true ORDER BY id

-- distinct tenants
SELECT DISTINCT $owner FROM $t ORDER BY 1

-- the tenant column renamed
SELECT id FROM (SELECT id, $owner AS x FROM $t) WHERE x = '$bob'

-- the tenant column left out
SELECT id, body FROM (SELECT * EXCLUDE ($owner) FROM $t) ORDER BY id

-- the tenant column replaced
SELECT * REPLACE ('$alice' AS $owner) FROM $t ORDER BY id

-- columns by pattern
SELECT COLUMNS('.*o.*') FROM $t ORDER BY ALL

-- an alias that hides the name
SELECT x.body FROM $t AS x(id, a, body, amount, born) ORDER BY 1

-- a key that another tenant has
SELECT * FROM $t WHERE id = 7001

-- a range of keys
SELECT * FROM $t WHERE id BETWEEN 7000 AND 8000

-- an offset behind my rows
SELECT * FROM $t ORDER BY id LIMIT 10 OFFSET 3

-- the last rows
SELECT * FROM $t ORDER BY id DESC LIMIT 1

-- a share of the rows
SELECT count(*) FROM (SELECT * FROM $t LIMIT 100%)

-- a sample of all rows
SELECT count(*) FROM (SELECT * FROM $t USING SAMPLE 100 PERCENT (bernoulli))

-- a sampled table
SELECT count(*) FROM $t TABLESAMPLE 100%

-- a reservoir of all rows
SELECT count(*) FROM (SELECT * FROM $t USING SAMPLE reservoir(1000 ROWS))

-- values of a list of keys
SELECT * FROM $t WHERE id IN (7001, 7002, 7003)

-- a text that begins like a secret
SELECT count(*) FROM $t WHERE body LIKE 'zebra%'

-- a text by regular expression
SELECT count(*) FROM $t WHERE regexp_matches(body, '^z')

-- a prefix
SELECT count(*) FROM $t WHERE starts_with(body, 'z')

-- a similar text
SELECT count(*) FROM $t WHERE body SIMILAR TO 'z.*'

-- the row as a struct
SELECT x FROM $t x ORDER BY x.id

-- the row as text
SELECT x::VARCHAR FROM $t x ORDER BY x.id

-- the row as JSON
SELECT to_json(x) FROM $t x ORDER BY x.id

-- the row number of the file
SELECT file_row_number FROM $t

-- the row id
SELECT rowid FROM $t

-- a row by its id
SELECT body FROM $t WHERE rowid = 1

-- the file's name
SELECT filename FROM $t

-- an unnamed schema
SELECT * FROM (VALUES (1)) v(i), $t ORDER BY id

-- # Aggregates, windows and pivots

-- extreme values
SELECT min(body), max(body), min(amount), max(amount), min(born), max(born) FROM $t

-- extreme values of a filter
SELECT max(amount) FILTER (WHERE amount > 900000000) FROM $t

-- a list of all texts
SELECT list(body ORDER BY body) FROM $t

-- all texts joined
SELECT string_agg(body, ',' ORDER BY body) FROM $t

-- the first and the last
SELECT first(body ORDER BY id DESC), last(body ORDER BY id DESC) FROM $t

-- the row of the greatest amount
SELECT arg_max(body, amount), arg_min(body, amount) FROM $t

-- any value
SELECT any_value(body ORDER BY id DESC) FROM $t

-- the most frequent value
SELECT mode(body ORDER BY body) FROM $t

-- quantiles
SELECT quantile_cont(amount, [0, 0.5, 1]), median(amount) FROM $t

-- a histogram
SELECT histogram(body) FROM $t

-- an approximate count
SELECT approx_count_distinct(body) FROM $t

-- sums and averages
SELECT sum(amount), avg(amount), stddev(amount) FROM $t

-- groups
SELECT body, count(*) FROM $t GROUP BY body ORDER BY 1

-- groups of all columns
SELECT $owner, sum(amount) FROM $t GROUP BY ALL ORDER BY 1

-- grouping sets
SELECT $owner, body, count(*) FROM $t GROUP BY CUBE ($owner, body) ORDER BY ALL

-- a rollup
SELECT $owner, count(*) FROM $t GROUP BY ROLLUP ($owner) ORDER BY ALL

-- having
SELECT id FROM $t GROUP BY id HAVING max(amount) > 900000000

-- having with a subquery
SELECT 1 HAVING (SELECT max(amount) FROM $t) > 900000000

-- a window over all rows
SELECT first_value(body) OVER (ORDER BY id DESC) FROM $t ORDER BY 1

-- neighbours in a window
SELECT lag(body) OVER (ORDER BY id), lead(body) OVER (ORDER BY id) FROM $t ORDER BY ALL

-- ranks
SELECT id, rank() OVER (ORDER BY amount DESC), ntile(2) OVER (ORDER BY amount), percent_rank() OVER (ORDER BY amount) FROM $t ORDER BY id

-- a count in a window
SELECT count(*) OVER () FROM $t

-- qualify
SELECT body FROM $t QUALIFY row_number() OVER (ORDER BY id DESC) = 1

-- a pivot
PIVOT $t ON $owner IN ('$bob', '$alice') USING count(*) GROUP BY id

-- a pivot over texts
SELECT * FROM (SELECT id, amount, $owner AS o FROM $t) PIVOT (sum(amount) FOR o IN ('$bob'))

-- a pivot that finds its columns
PIVOT $t ON body USING sum(amount)

-- an unpivot
UNPIVOT (SELECT id, body, $owner::VARCHAR AS o FROM $t) ON body, o

-- a summary
SUMMARIZE $t

-- a summary of a query
SUMMARIZE SELECT amount FROM $t

-- a bit sum
SELECT bit_xor(id), bit_or(id), product(id) FROM $t

-- # Subqueries, common tables, joins and sets

-- a scalar subquery
SELECT (SELECT body FROM $t WHERE id = 7001)

-- a scalar subquery of an aggregate
SELECT (SELECT max(body) FROM $t)

-- IN
SELECT 7001 IN (SELECT id FROM $t)

-- NOT IN
SELECT x FROM (VALUES (7001), (2)) v(x) WHERE x NOT IN (SELECT id FROM $t)

-- EXISTS
SELECT EXISTS (SELECT 1 FROM $t WHERE amount > 900000000)

-- NOT EXISTS
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM $t WHERE id = 7001)

-- ANY and ALL
SELECT 7001 = ANY (SELECT id FROM $t), 5 >= ALL (SELECT id FROM $t)

-- an array of a subquery
SELECT ARRAY(SELECT body FROM $t ORDER BY id)

-- a subquery in a list
SELECT [(SELECT max(amount) FROM $t), 1]

-- a subquery in a struct
SELECT {'a': (SELECT max(body) FROM $t)}

-- a subquery in a lambda
SELECT list_transform([1, 2], lambda x: (SELECT max(body) FROM $t))

-- a subquery in a case
SELECT CASE WHEN (SELECT max(amount) FROM $t) > 900000000 THEN 'yes' ELSE 'no' END

-- a subquery in ORDER BY
SELECT i FROM range(3) r(i) ORDER BY (SELECT count(*) FROM $t WHERE id > 6999 + i), i

-- a subquery in LIMIT
SELECT i FROM range(9) r(i) LIMIT (SELECT count(*) FROM $t)

-- a subquery in OFFSET
SELECT i FROM range(9) r(i) ORDER BY i OFFSET (SELECT count(*) FROM $t)

-- a subquery in a join condition
SELECT i FROM range(3) r(i) JOIN (VALUES (1)) v(j) ON (SELECT max(amount) FROM $t) > 900000000

-- a correlated subquery
SELECT k, (SELECT body FROM $t x WHERE x.id = k) FROM (VALUES (7001), (1)) v(k) ORDER BY k

-- a subquery correlated twice
SELECT k, (SELECT (SELECT body FROM $t x WHERE x.id = k + j) FROM (VALUES (0)) w(j)) FROM (VALUES (7001)) v(k)

-- a correlated EXISTS
SELECT k FROM (VALUES (7001), (1)) v(k) WHERE EXISTS (SELECT 1 FROM $t x WHERE x.id = k)

-- a correlated lateral
SELECT k, l.body FROM (VALUES (7001), (1)) v(k), LATERAL (SELECT body FROM $t x WHERE x.id = k) l ORDER BY k

-- a lateral with a limit
SELECT k, l.body FROM (VALUES (7000)) v(k), LATERAL (SELECT body FROM $t x WHERE x.id > k ORDER BY id LIMIT 1) l

-- a left lateral
SELECT k, l.n FROM (VALUES (7001)) v(k) LEFT JOIN LATERAL (SELECT count(*) AS n FROM $t x WHERE x.id >= k) l ON true

-- a common table
WITH c AS (SELECT * FROM $t) SELECT body FROM c ORDER BY id

-- a materialized common table
WITH c AS MATERIALIZED (SELECT * FROM $t) SELECT a.body FROM c a JOIN c b USING (id) ORDER BY 1

-- an inlined common table
WITH c AS NOT MATERIALIZED (SELECT * FROM $t) SELECT max(amount) FROM c

-- a chain of common tables
WITH a AS (SELECT * FROM $t), b AS (SELECT * FROM a), c AS (SELECT * FROM b) SELECT * FROM c ORDER BY id

-- a common table of the table's name
WITH notes AS (SELECT * FROM $t) SELECT * FROM notes ORDER BY id

-- a recursive table
WITH RECURSIVE r(i, b) AS (SELECT 0, '' UNION ALL SELECT i + 1, body FROM r, $t WHERE i < 1) SELECT DISTINCT b FROM r ORDER BY b

-- a recursive table that begins with rows
WITH RECURSIVE r AS (SELECT id, body FROM $t UNION SELECT id + 1, body FROM r WHERE id > 7000 AND id < 7010) SELECT * FROM r ORDER BY ALL

-- a recursive table with a key
WITH RECURSIVE r(i, b) USING KEY (i) AS (SELECT id, body FROM $t UNION SELECT i, b FROM r WHERE i < 0) SELECT * FROM r ORDER BY ALL

-- a subquery inside a recursion
WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < (SELECT count(*) FROM $t)) SELECT max(i) FROM r

-- an inner join
SELECT a.body FROM $t a JOIN $t b ON a.id = b.id ORDER BY 1

-- a left join
SELECT k, x.body FROM (VALUES (7001), (1)) v(k) LEFT JOIN $t x ON x.id = k ORDER BY k

-- a right join
SELECT k, x.body FROM (VALUES (1)) v(k) RIGHT JOIN $t x ON x.id = k ORDER BY x.id

-- a full join
SELECT k, x.body FROM (VALUES (1)) v(k) FULL JOIN $t x ON x.id = k ORDER BY x.id

-- an anti join
SELECT k FROM (VALUES (7001), (1)) v(k) ANTI JOIN $t x ON x.id = k

-- a semi join
SELECT k FROM (VALUES (7001), (1)) v(k) SEMI JOIN $t x ON x.id = k

-- a natural join
SELECT count(*) FROM $t a NATURAL JOIN $t b

-- a cross join
SELECT count(*) FROM $t a, $t b

-- a positional join
SELECT count(*) FROM range(20) r(i) POSITIONAL JOIN $t x

-- an as-of join
SELECT k, x.body FROM (VALUES (7005)) v(k) ASOF JOIN $t x ON k >= x.id

-- a range join
SELECT k, count(*) FROM (VALUES (7005)) v(k) JOIN $t x ON x.id <= k AND x.id >= k - 5 GROUP BY k

-- a join on the tenant column
SELECT x.body FROM (VALUES ('$bob')) v(o) JOIN $t x ON x.$owner = v.o

-- a union
SELECT body FROM $t UNION SELECT body FROM $t ORDER BY 1

-- a union of all
SELECT count(*) FROM (SELECT id FROM $t UNION ALL SELECT id FROM $t)

-- a union by name
SELECT count(*) FROM (SELECT id FROM $t UNION ALL BY NAME SELECT body FROM $t)

-- an intersection
SELECT 7001 INTERSECT SELECT id FROM $t

-- a difference
SELECT 7001 EXCEPT SELECT id FROM $t

-- # Errors that would tell

-- a cast that fails
SELECT count(*) FROM $t WHERE CAST(nullif(body, 'shared') AS INTEGER) > 0

-- a cast in the list
SELECT CAST(nullif(body, 'shared') AS INTEGER) FROM $t ORDER BY 1

-- a cast to a date
SELECT CAST(body AS DATE) FROM $t

-- a cast of the whole row
SELECT CAST(x AS STRUCT(a INTEGER)) FROM $t x

-- an error of a hidden row
SELECT count(*) FROM $t WHERE CASE WHEN body LIKE 'zebra%' THEN error(body)::BOOLEAN ELSE true END

-- an error of a hidden row behind a condition
SELECT count(*) FROM $t WHERE id > 6999 AND error(body) IS NULL

-- an error in the list
SELECT CASE WHEN id > 6999 THEN error(body)::VARCHAR END FROM $t

-- an error in an aggregate
SELECT max(CASE WHEN id > 6999 THEN error(body)::VARCHAR END) FROM $t

-- an error in a group
SELECT count(*) FROM $t GROUP BY CASE WHEN id > 6999 THEN error(body)::VARCHAR END

-- an error in an order
SELECT id FROM $t ORDER BY CASE WHEN id > 6999 THEN error(body)::VARCHAR END, id

-- an error in a join
SELECT count(*) FROM $t a JOIN $t b ON a.id = b.id AND CASE WHEN b.id > 6999 THEN error(b.body)::BOOLEAN ELSE true END

-- an error in a left join
SELECT count(*) FROM (VALUES (1)) v(k) LEFT JOIN $t b ON CASE WHEN b.id > 6999 THEN error(b.body)::BOOLEAN ELSE true END

-- an error in a subquery
SELECT (SELECT CASE WHEN id > 6999 THEN error(body)::VARCHAR END FROM $t ORDER BY id DESC LIMIT 1)

-- an error in a correlated subquery
SELECT k, (SELECT error(body)::VARCHAR FROM $t x WHERE x.id = k) FROM (VALUES (7001)) v(k)

-- an error in a window
SELECT sum(CASE WHEN id > 6999 THEN error(body)::INTEGER END) OVER () FROM $t

-- an error before the tenant is compared
SELECT count(*) FROM $t WHERE error($owner || body) IS NULL AND $owner = '$bob'

-- an overflow
SELECT count(*) FROM $t WHERE (amount::BIGINT * 100000000000)::BIGINT > 0 AND amount > 900000000

-- a narrow cast
SELECT count(*) FROM $t WHERE amount::TINYINT > 0 AND id > 6999

-- a division
SELECT count(*) FROM $t WHERE 1 / (id - 7001) > 5

-- a root of something negative
SELECT count(*) FROM $t WHERE sqrt(7000.5 - id) > 0

-- a logarithm
SELECT count(*) FROM $t WHERE ln(7000.5 - id) > 0

-- a regular expression made of a text
SELECT count(*) FROM $t WHERE regexp_matches('a', body || '(')

-- a date part
SELECT count(*) FROM $t WHERE strptime(body, '%Y') IS NULL

-- a JSON text
SELECT count(*) FROM $t WHERE json_extract(body, '$.a') IS NULL

-- a strict cast to JSON
SELECT count(*) FROM $t WHERE body::JSON IS NULL

-- a text out of range
SELECT count(*) FROM $t WHERE substr(body, 1, CASE WHEN id > 6999 THEN -9223372036854775808 ELSE 1 END) = ''

-- a repeated text
SELECT count(*) FROM $t WHERE length(repeat(body, CASE WHEN id > 6999 THEN 1000000000 ELSE 1 END)) > 1000

-- more than one row
SELECT 1 WHERE (SELECT 1 FROM $t WHERE id > 6999) = 1

-- an enumeration
SELECT body::ENUM('12', '34') FROM $t

-- a UUID
SELECT body::UUID FROM $t

-- a decimal
SELECT amount::DECIMAL(4, 1) FROM $t ORDER BY 1

-- TRY hides the error, not the row
SELECT TRY(CAST(nullif(body, 'shared') AS INTEGER)) FROM $t ORDER BY 1

-- a condition with a coalesce
SELECT count(*) FROM $t WHERE coalesce(NULLIF(id > 6999, true), error(body)::BOOLEAN)

-- a chained condition
SELECT count(*) FROM $t WHERE id > 6999 AND CAST(nullif(body, 'shared') AS INTEGER) = 1 OR id < 0

-- a sleep by rows
SELECT count(*) FROM $t, range(CASE WHEN id > 6999 THEN 100 ELSE 1 END)

-- # Names, candidates and listings

-- an unknown column
SELECT bod FROM $t

-- an unknown column of an alias
SELECT x.zebr FROM $t x

-- an unknown function
SELECT zebra_of(body) FROM $t

-- an unknown table beside it
SELECT * FROM $tx

-- a wrong number of parts
SELECT * FROM a.b.c.d.e

-- a source whose name is close
SELECT * FROM bob.public.bobs

-- a result table whose name is close
SELECT * FROM jammi.bob

-- the name of another catalog
SELECT * FROM zebra.public.zebra

-- all tables
SELECT table_catalog, table_name FROM information_schema.tables ORDER BY ALL

-- all columns of tables
SELECT table_catalog, table_name, column_name FROM information_schema.columns ORDER BY ALL

-- all schemas
SELECT catalog_name, schema_name FROM information_schema.schemata ORDER BY ALL

-- all databases
SELECT database_name FROM duckdb_databases() ORDER BY ALL

-- databases shown
SHOW DATABASES

-- tables shown
SHOW ALL TABLES

-- tables of a source shown
SHOW TABLES FROM bobs

-- tables of a schema shown
SHOW TABLES FROM bobs.public

-- another schema of a source
SELECT * FROM bobs.other.t

-- a source without its schema
SELECT * FROM bobs.bobs

-- a source as a table
SELECT * FROM bobs

-- a function of a source
SELECT bobs.public.f(1)

-- a column of a source
SELECT bobs.public.bobs.body

-- tables of DuckDB
SELECT database_name, table_name, estimated_size, column_count FROM duckdb_tables() ORDER BY ALL

-- columns of DuckDB
SELECT database_name, table_name, column_name FROM duckdb_columns() ORDER BY ALL

-- schemas of DuckDB
SELECT database_name, schema_name FROM duckdb_schemas() ORDER BY ALL

-- views of DuckDB
SELECT database_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL

-- types of DuckDB
SELECT count(DISTINCT database_name) FROM duckdb_types()

-- functions of DuckDB
SELECT DISTINCT database_name FROM duckdb_functions() ORDER BY 1

-- the classes of PostgreSQL
SELECT relname FROM pg_catalog.pg_class ORDER BY 1

-- the attributes of PostgreSQL
SELECT attname FROM pg_catalog.pg_attribute ORDER BY 1

-- the namespaces of PostgreSQL
SELECT nspname FROM pg_catalog.pg_namespace ORDER BY 1

-- the databases of PostgreSQL
SELECT datname FROM pg_catalog.pg_database ORDER BY 1

-- the tables of PostgreSQL
SELECT schemaname, tablename FROM pg_catalog.pg_tables ORDER BY ALL

-- the description
DESCRIBE $t

-- the description of a query
DESCRIBE SELECT body FROM $t

-- the sources
SELECT source_id, source_type, tenant_id FROM sources ORDER BY 1

-- the models
SELECT model_id, metadata, tenant_id FROM models ORDER BY 1

-- the result tables
SELECT table_name, source_id, tenant_id FROM result_tables ORDER BY 1

-- the channels
SELECT channel_name, columns, tenant_id FROM channels ORDER BY 1

-- the sources of another tenant
SELECT * FROM sources WHERE tenant_id = '$bob'

-- the channels by error
SELECT error(channel_name) FROM channels WHERE tenant_id = '$bob'

-- the models in a join
SELECT m.model_id FROM models m FULL JOIN sources s ON m.tenant_id = s.tenant_id ORDER BY 1

-- the catalog counted
SELECT (SELECT count(*) FROM sources), (SELECT count(*) FROM models), (SELECT count(*) FROM channels), (SELECT count(*) FROM result_tables)

-- # Plans and statistics

-- the plan
EXPLAIN SELECT * FROM $t

-- the plan of a condition
EXPLAIN SELECT * FROM $t WHERE amount > 900000000

-- the plan of an impossible condition
EXPLAIN SELECT * FROM $t WHERE amount > 999999999999

-- the plan as JSON
EXPLAIN (FORMAT json) SELECT * FROM $t WHERE id > 6999

-- the plan of a join
EXPLAIN SELECT * FROM $t a JOIN $t b USING (id)

-- the plan of extremes
EXPLAIN SELECT min(id), max(id) FROM $t

-- the run analyzed
EXPLAIN ANALYZE SELECT * FROM $t

-- the run of a condition analyzed
EXPLAIN ANALYZE SELECT * FROM $t WHERE amount > 900000000

-- the run of a subquery analyzed
EXPLAIN ANALYZE SELECT (SELECT count(*) FROM $t)

-- statistics of a column
SELECT stats(id) FROM $t LIMIT 1

-- statistics of another column
SELECT DISTINCT stats(amount) FROM $t

-- the storage
SELECT * FROM pragma_storage_info('notes')

-- the metadata of the file
SELECT * FROM parquet_metadata('notes.parquet')

-- # Other ways to the rows

-- a query in a text
SELECT * FROM query('SELECT * FROM notes.public.notes')

-- a table by its name
SELECT * FROM query_table('notes.public.notes')

-- a serialized query
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM notes.public.notes'))

-- a file by its name
SELECT * FROM 'notes.csv'

-- a file by its reader
SELECT * FROM read_csv('notes.csv')

-- a file as text
SELECT * FROM read_text('*.csv')

-- a file as bytes
SELECT * FROM read_blob('*.csv')

-- the files of a folder
SELECT * FROM glob('*')

-- a guess of a file
SELECT * FROM sniff_csv('notes.csv')

-- a variable
SELECT getvariable('x'), getenv('HOME')

-- a setting
SELECT current_setting('temp_directory')

-- a prepared statement
PREPARE p AS SELECT * FROM $t

-- a prepared statement run
EXECUTE p

-- a parameter
SELECT * FROM $t WHERE id = $1

-- a macro
CREATE MACRO m() AS TABLE SELECT * FROM $t

-- a temporary table
CREATE TEMP TABLE x AS SELECT * FROM $t

-- a view
CREATE VIEW x AS SELECT * FROM $t

-- two statements
SELECT 1; SELECT * FROM $t

-- a comment and a second statement
SELECT 1 -- ;

-- a pragma
PRAGMA disable_optimizer

-- a setting changed
SET disabled_optimizers = 'extension'

-- a search path
SET search_path = 'bobs'

-- another catalog in use
USE bobs

-- an attached file
ATTACH 'catalog.db' AS c

-- a copy to a file
COPY $t TO 'leak.csv'

-- a copy of a query
COPY (SELECT * FROM $t) TO 'leak.parquet'

-- an export
EXPORT DATABASE 'leak'

-- a secret
CREATE SECRET s (TYPE s3)

-- a call
CALL duckdb_tables()

-- a vacuum
VACUUM $t

-- a transaction
BEGIN

-- # Writing

-- an insert of my own
INSERT INTO $t VALUES (9, '$alice', 'x', 1, NULL)

-- an insert for another tenant
INSERT INTO $t VALUES (9, '$bob', 'x', 1, NULL)

-- an insert that returns
INSERT INTO $t SELECT * FROM $t RETURNING *

-- an upsert that finds a hidden key
INSERT INTO $t VALUES (7001, '$alice', 'x', 1, NULL) ON CONFLICT DO UPDATE SET body = 'x' RETURNING *

-- an update of hidden rows
UPDATE $t SET body = 'x' WHERE id > 6999

-- an update that returns
UPDATE $t SET amount = amount RETURNING *

-- an update that moves a row
UPDATE $t SET $owner = '$bob' WHERE id = 1

-- a delete of hidden rows
DELETE FROM $t WHERE id > 6999

-- a delete that returns
DELETE FROM $t RETURNING *

-- a merge
MERGE INTO $t USING (SELECT 7001 AS id) s ON $t.id = s.id WHEN MATCHED THEN UPDATE SET body = 'x'

-- a truncation
TRUNCATE $t

-- a dropped table
DROP TABLE $t

-- an altered table
ALTER TABLE $t ADD COLUMN c INTEGER

-- an index
CREATE INDEX i ON $t (body)

-- an update of one hidden row
UPDATE $t SET body = 'x' WHERE id = 7001

-- a delete of one hidden row
DELETE FROM $t WHERE id = 7001

-- a row of nobody changed
UPDATE $t SET body = 'x' WHERE id = 103

-- a row of nobody removed
DELETE FROM $t WHERE id = 103

-- a row of nobody moved
UPDATE $t SET id = 7001 WHERE id = 103

-- a row of nobody merged
MERGE INTO $t USING (SELECT 103 AS id) s ON $t.id = s.id WHEN MATCHED THEN DELETE

-- a merge that returns what it deleted
MERGE INTO $t USING (SELECT 7001 AS id) s ON $t.id = s.id WHEN MATCHED THEN DELETE RETURNING *

-- a merge of what the source lacks
MERGE INTO $t USING (SELECT 1 AS id) s ON $t.id = s.id WHEN NOT MATCHED BY SOURCE AND $t.id > 6999 THEN UPDATE SET amount = 1 RETURNING merge_action, *

-- an upsert of visible rows that returns
INSERT INTO $t SELECT * FROM $t WHERE id < 100 ON CONFLICT (id) DO UPDATE SET amount = excluded.amount RETURNING *

-- a change, then the rows
UPDATE $t SET amount = 1 WHERE id > 6999; SELECT * FROM $t ORDER BY id

-- a change, then the rows that another returns
DELETE FROM $t WHERE id = 7001; DELETE FROM $t WHERE id > 6999 RETURNING *

-- a change, then an error
DELETE FROM $t WHERE id > 6999; SELECT error(body) FROM $t WHERE id > 6999

-- a hidden row reset
UPDATE $t SET body = DEFAULT WHERE id > 6999 RETURNING body

-- the plan of an update
EXPLAIN UPDATE $t SET body = 'x' WHERE id > 6999

-- the plan of a delete
EXPLAIN DELETE FROM $t

-- the plan of an insert
EXPLAIN INSERT INTO $t SELECT * FROM $t

-- the plan of a merge
EXPLAIN MERGE INTO $t USING (SELECT max(id) AS id FROM $t) s ON $t.id = s.id WHEN MATCHED THEN DELETE

-- the run of a delete analyzed
EXPLAIN ANALYZE DELETE FROM $t WHERE id > 6999
