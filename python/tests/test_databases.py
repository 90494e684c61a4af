"""PostgreSQL and MariaDB as sources, against real servers."""

import decimal
import threading

import pyarrow
import pytest
from database_servers import PostgresServer, assert_says_no_password, rows

import jammi_ai

ERROR = RuntimeError


def test_tables_have_three_part_names_and_join_each_other_and_files(shop):
    assert rows(shop, "SELECT id, title FROM shop.public.articles WHERE published = true ORDER BY id LIMIT 2") == [
        (1, "Solar panels"),
        (3, "Meaning"),
    ]
    assert rows(
        shop,
        "SELECT a.title, w.name, p.year FROM shop.public.articles a JOIN shop.public.authors w ON a.author_id = w.id "
        "JOIN papers.public.papers p ON p.id = a.id WHERE w.institution = 'MIT' ORDER BY a.id",
    ) == [("Solar panels", "Ann", 2011), ("Meaning", "Ann", 2013)]
    assert rows(shop, "SELECT count(*) FROM shop.articles") == [(4,)]


def test_two_servers_join(db, postgres, mariadb):
    db.add_source("pg", url=postgres.url())
    db.add_source("my", url=mariadb.url())
    assert rows(
        db,
        "SELECT p.title, m.name FROM pg.public.articles p JOIN my.public.authors m ON m.id = p.author_id "
        "WHERE p.published ORDER BY p.id",
    ) == [("Solar panels", "Ann"), ("Meaning", "Ann"), ("The old city", "Cy")]
    assert {source["source_id"]: source["source_type"] for source in db.list_sources()} == {
        "papers": "file",
        "pg": "postgres",
        "my": "mysql",
    }


def test_tables_are_described_and_listed(shop):
    tables = {table["name"]: table["columns"] for table in shop.describe_source("shop")["tables"]}
    assert [column["name"] for column in tables["authors"]] == ["id", "name", "institution"]
    assert {name for name in tables if name in ("articles", "authors")} == {"articles", "authors"}
    listed = rows(shop, "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'shop'")
    assert {("public", "articles"), ("public", "authors")} <= set(listed)
    assert {schema for schema, _ in listed} == {"public"}


def test_views_are_tables_and_a_new_table_is_seen_at_once(shop, server):
    server.execute("CREATE VIEW named AS SELECT title, name FROM articles JOIN authors ON author_id = authors.id")
    try:
        assert rows(shop, "SELECT name FROM shop.public.named WHERE title = 'Rice'") == [("Bo",)]
    finally:
        server.execute("DROP VIEW named")
    with pytest.raises(ERROR, match="no such table: shop.public.named"):
        shop.sql("SELECT * FROM shop.public.named")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO shop.public.authors VALUES (9, 'x', 'y')",
        "UPDATE shop.public.authors SET name = 'x'",
        "DELETE FROM shop.public.authors",
        "DROP TABLE shop.public.authors",
        "CREATE TABLE shop.public.x (a INTEGER)",
        "ATTACH 'postgresql://localhost/x' AS x (TYPE postgres)",
        "CALL postgres_execute('shop', 'DROP TABLE authors')",
    ],
)
def test_nothing_can_be_written(shop, statement):
    with pytest.raises(ERROR, match="only SELECT|everything but the tables of mutable.public is read-only"):
        shop.sql(statement)
    assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]


@pytest.mark.parametrize(
    "relation",
    ["pg_catalog.pg_authid", "pg_catalog.pg_class", "information_schema.tables", "mysql.user", "sys.version",
     "performance_schema.threads", "secret_schema.secrets", "public.pg_authid", 'public."mysql.user"'],
)  # fmt: skip
def test_other_schemas_of_the_server_cannot_be_read(shop, relation):
    with pytest.raises(ERROR, match="no such|does not exist"):
        shop.sql(f"SELECT * FROM shop.{relation}")


@pytest.mark.parametrize(
    "call",
    ["postgres_query('shop', 'SELECT 1')", "postgres_scan('host=127.0.0.1', 'public', 'authors')", "mysql_query('shop', 'SELECT 1')",
     "sqlite_scan('/etc/passwd', 'x')", "postgres_attach('x')", "mysql_clear_cache()", "pg_clear_cache()", "duckdb_secrets()"],
)  # fmt: skip
def test_the_functions_of_the_drivers_do_not_exist(shop, call):
    shop.sql("SELECT count(*) FROM shop.public.authors")
    with pytest.raises(ERROR, match="no such function"):
        shop.sql(f"SELECT * FROM {call}")


def test_nothing_of_the_server_shows_in_listings_of_databases_and_settings(shop):
    known = {"jammi_db", "mutable", "papers", "shop", "system", "temp"}
    shop.sql("SELECT count(*) FROM shop.public.authors")
    query = "SELECT count(*), (SELECT string_agg(DISTINCT database_name, ' ') FROM duckdb_tables()) FROM shop.public.authors"
    assert set(rows(shop, query)[0][1].split()) <= known
    assert {name for (name,) in rows(shop, "SELECT database_name FROM duckdb_databases()")} <= known
    for relation in ("duckdb_databases()", "duckdb_tables()", "duckdb_schemas()", "duckdb_views()", "sources"):
        assert "secret" not in str(shop.sql(f"SELECT * FROM {relation}").to_pylist())


def test_projection_filters_and_limits_are_the_servers_work(db, postgres):
    db.add_source("shop", url=postgres.url())
    before = len(postgres.statements())
    assert rows(db, "SELECT title FROM shop.public.articles WHERE author_id = 1 AND id BETWEEN 2 AND 9 LIMIT 1") == [("Meaning",)]
    (copied,) = [statement for statement in postgres.statements()[before:] if '"public"."articles"' in statement]
    assert '"title"' in copied and '"abstract"' not in copied
    assert '"author_id" = 1' in copied and "LIMIT 1" in copied
    assert '"id"' in copied and ("2" in copied and "9" in copied)


def test_projection_and_filters_are_the_servers_work_on_mariadb_too(db, mariadb):
    db.add_source("shop", url=mariadb.url())
    before = len(mariadb.statements())
    assert rows(db, "SELECT title FROM shop.public.articles WHERE author_id = 1 AND id BETWEEN 2 AND 9 LIMIT 1") == [("Meaning",)]
    selected = [statement for statement in mariadb.statements()[before:] if "`articles`" in statement and "`title`" in statement]
    assert selected and "`abstract`" not in selected[-1]
    assert "`author_id`" in selected[-1] and "WHERE" in selected[-1]


POSTGRES_TYPES = """
DROP TABLE IF EXISTS types; DROP TYPE IF EXISTS mood;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE types (id INTEGER, b BOOLEAN, i2 SMALLINT, i8 BIGINT, r4 REAL, r8 DOUBLE PRECISION, n NUMERIC(12, 3), c CHAR(3),
  v VARCHAR(10), t TEXT, bin BYTEA, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, tm TIME, u UUID, j JSON, jb JSONB, m mood,
  ai INTEGER[], at TEXT[], iv INTERVAL);
SET TIME ZONE 'America/New_York';
INSERT INTO types VALUES (1, true, -7, 9007199254740993, 1.5, 0.1, 123456789.125, 'abc', 'é', 'long', '\\x00ff', '2024-02-29',
  '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00-05', '23:59:59', '11111111-2222-3333-4444-555555555555', '{"a": 1}',
  '{"a": [1, 2]}', 'happy', '{1,NULL,3}', '{"x","y z"}', '1 day');
INSERT INTO types (id) VALUES (2);
"""


def test_every_common_type_of_postgres_arrives_with_its_nulls(db, postgres):
    postgres.execute(POSTGRES_TYPES)
    db.add_source("shop", url=postgres.url())
    full, empty = db.sql("SELECT * FROM shop.public.types ORDER BY id").to_pylist()
    assert {name: value for name, value in empty.items() if value is not None} == {"id": 2}
    assert (full["b"], full["i2"], full["i8"], full["r4"], full["r8"]) == (True, -7, 9007199254740993, 1.5, 0.1)
    assert full["n"] == decimal.Decimal("123456789.125")
    assert (full["c"], full["v"], full["t"], full["bin"]) == ("abc", "é", "long", b"\x00\xff")
    assert full["d"].isoformat() == "2024-02-29"
    assert full["ts"].isoformat() == "2024-02-29T12:00:00.123456"
    assert full["tz"].timestamp() == 1709226000
    assert full["tm"].isoformat() == "23:59:59"
    assert (str(full["u"]), full["m"]) == ("11111111-2222-3333-4444-555555555555", "happy")
    assert (full["j"], full["jb"]) == ('{"a": 1}', '{"a": [1, 2]}')
    assert (full["ai"], full["at"]) == ([1, None, 3], ["x", "y z"])
    assert full["iv"].days == 1


MARIADB_TYPES = """
DROP TABLE IF EXISTS types;
CREATE TABLE types (id INTEGER, b BOOLEAN, i2 SMALLINT, i8 BIGINT, u8 BIGINT UNSIGNED, r4 FLOAT, r8 DOUBLE, n DECIMAL(12, 3), c CHAR(3),
  v VARCHAR(10), t TEXT, bin BLOB, d DATE, ts DATETIME(6), tz TIMESTAMP(6) NULL, y YEAR, j JSON, m ENUM('sad', 'happy'));
SET time_zone = '-05:00';
INSERT INTO types VALUES (1, true, -7, 9007199254740993, 18446744073709551615, 1.5, 0.1, 123456789.125, 'abc', 'é', 'long', x'00ff',
  '2024-02-29', '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00', 2024, '{"a": 1}', 'happy');
INSERT INTO types (id) VALUES (2);
"""


def test_every_common_type_of_mariadb_arrives_with_its_nulls(db, mariadb):
    mariadb.execute(MARIADB_TYPES)
    db.add_source("shop", url=mariadb.url())
    full, empty = db.sql("SELECT * FROM shop.public.types ORDER BY id").to_pylist()
    assert {name: value for name, value in empty.items() if value is not None} == {"id": 2}
    assert (full["b"], full["i2"], full["i8"], full["r4"], full["r8"]) == (True, -7, 9007199254740993, 1.5, 0.1)
    assert (full["u8"], full["n"]) == (18446744073709551615, decimal.Decimal("123456789.125"))
    assert (full["c"], full["v"], full["t"], full["bin"]) == ("abc", "é", "long", b"\x00\xff")
    assert full["d"].isoformat() == "2024-02-29"
    assert full["ts"].isoformat() == "2024-02-29T12:00:00.123456"
    assert full["tz"].timestamp() == 1709226000
    assert (full["y"], full["j"], full["m"]) == (2024, '{"a": 1}', "happy")


UNUSUAL_POSTGRES = [
    ("money", "12.34", "$12.34"), ("bit(3)", "B'101'", "101"), ("inet", "'10.0.0.1'", "10.0.0.1/32"), ("xml", "'<a/>'", "<a/>"),
    ("macaddr", "'08:00:2b:01:02:03'", "08:00:2b:01:02:03"), ("int4range", "'[1,5)'", "[1,5)"), ("tsvector", "'a b'", "'a' 'b'"),
    ("point", "'(1,2)'", {"x": 1.0, "y": 2.0}), ("numeric", "1.25", 1.25), ("numeric(50,2)", "1e40", 1e40), ("oid", "5", 5),
    ("int[][]", "'{{1,2},{3,4}}'", [[1, 2], [3, 4]]), ("text[]", "'{NULL,\"a,b\"}'", [None, "a,b"]), ("bool[]", "'{t,f}'", [True, False]),
    ("numeric(9,2)[]", "'{1.25}'", [decimal.Decimal("1.25")]), ("float4", "'Infinity'", float("inf")), ("bpchar", "'x '", "x"),
]  # fmt: skip
UNUSUAL_MARIADB = [
    ("BIT(1)", "b'1'", True), ("BIT(12)", "b'101'", b"\0\5"), ("TIME", "'12:34:56'", "12:34:56"), ("TIME(3)", "'-100:00:00.5'", "-100:00:00.5"), ("MEDIUMINT", "-5", -5),
    ("SET('a','b')", "'a,b'", "a,b"), ("DECIMAL(65,30)", "1.25", 1.25), ("UUID", "'11111111-1111-1111-1111-111111111111'",
    "11111111-1111-1111-1111-111111111111"), ("INET6", "'::1'", "::1"), ("TINYINT", "-5", -5), ("TINYINT UNSIGNED", "200", 200),
    ("SMALLINT UNSIGNED", "65535", 65535), ("INT UNSIGNED", "4294967295", 4294967295), ("BINARY(3)", "x'0102'", b"\1\2\0"),
    ("LONGTEXT", "'x'", "x"), ("LONGBLOB", "x'00ff'", b"\0\xff"), ("CHAR(5) CHARACTER SET latin1", "'é'", "é"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_unusual_types_arrive_too_and_conditions_on_them_are_met(db, name, request):
    server = request.getfixturevalue(name)
    unusual = UNUSUAL_POSTGRES if name == "postgres" else UNUSUAL_MARIADB
    columns = ", ".join(f"v{i} {type_name} NULL" for i, (type_name, _, _) in enumerate(unusual))
    values = ", ".join(value for _, value, _ in unusual)
    server.execute(f"CREATE TABLE unusual (id INTEGER, {columns}); INSERT INTO unusual VALUES (1, {values}); INSERT INTO unusual (id) VALUES (2)")
    try:
        db.add_source("shop", url=server.url())
        full, empty = db.sql("SELECT * FROM shop.public.unusual ORDER BY id").to_pylist()
        for i, (type_name, _, expected) in enumerate(unusual):
            assert (type_name, full[f"v{i}"], empty[f"v{i}"]) == (type_name, expected, None)
            same = f"SELECT id FROM shop.public.unusual WHERE v{i} = (SELECT v{i} FROM shop.public.unusual WHERE id = 1)"
            assert (type_name, rows(db, same)) == (type_name, [(1,)])
    finally:
        server.execute("DROP TABLE unusual")


def test_a_type_that_cannot_be_read_is_named(db, postgres):
    postgres.execute("CREATE TABLE rounded (id INTEGER, hundreds NUMERIC(5, -2)); INSERT INTO rounded VALUES (1, 12345)")
    try:
        db.add_source("shop", url=postgres.url())
        with pytest.raises(ERROR, match="negative scale cannot be read.*rounded.hundreds"):
            db.sql("SELECT * FROM shop.public.rounded")
    finally:
        postgres.execute("DROP TABLE rounded")


def test_a_table_is_embedded_searched_and_its_rows_are_shown(shop, model):
    shop.generate_text_embeddings(source="shop", model=model, columns=["title", "abstract"], key="id")
    assert [table["row_count"] for table in shop.describe_source("shop")["result_tables"]] == [4]
    found = shop.search("shop", query=shop.encode_text_query(model, "Rice With fish"), k=2).run().to_pylist()
    assert (found[0]["title"], found[0]["published"], found[0]["author_id"]) == ("Rice", False, 2)
    only = shop.search("shop", query=shop.encode_text_query(model, "Rice"), k=3, filter="published").run()
    assert sorted(only["id"].to_pylist()) == [1, 3, 4]


def test_columns_that_several_tables_have_are_refused(shop, model, server):
    server.execute("CREATE TABLE drafts (id INTEGER, title VARCHAR(10))")
    try:
        with pytest.raises(ERROR, match="several of its tables have these columns: articles, drafts"):
            shop.generate_text_embeddings(source="shop", model=model, columns=["title"], key="id")
    finally:
        server.execute("DROP TABLE drafts")


def test_passwords_are_shown_nowhere(shop, tmp_path):
    assert "***@127.0.0.1" in str(shop.list_sources())
    assert_says_no_password(shop.list_sources())
    assert_says_no_password(rows(shop, "SELECT * FROM sources"))
    assert_says_no_password(shop.sql("EXPLAIN SELECT * FROM shop.public.authors").to_pylist())


def test_names_may_have_quotes_capitals_and_letters_of_any_script(shop, server):
    quote = '"' if isinstance(server, PostgresServer) else "`"
    table, column = "Müller's 表", 'größe "x"'
    server.execute(f"CREATE TABLE {quote}{table}{quote} ({quote}{column.replace(quote, quote * 2)}{quote} INTEGER)")
    try:
        server.execute(f"INSERT INTO {quote}{table}{quote} VALUES (7)")
        name = column.replace('"', '""')
        assert rows(shop, f'SELECT "{name}" FROM shop.public."{table}" WHERE "{name}" > 5') == [(7,)]
    finally:
        server.execute(f"DROP TABLE {quote}{table}{quote}")


def test_a_source_is_there_when_the_database_is_opened_again(shop, server, tmp_path):
    shop.close()
    with jammi_ai.connect(artifact_dir=tmp_path / "jammi") as again:
        assert rows(again, "SELECT count(*) FROM shop.public.authors") == [(3,)]
        again.remove_source("shop")
        with pytest.raises(ERROR, match="shop"):
            again.sql("SELECT count(*) FROM shop.public.authors")
    assert server.execute("SELECT count(*) FROM authors") == "3"


def test_many_threads_read_at_once(shop):
    failures = []

    def read():
        for _ in range(5):
            table = shop.sql("SELECT a.id FROM shop.public.articles a JOIN shop.public.authors w ON w.id = a.author_id")
            if not isinstance(table, pyarrow.Table) or table.num_rows != 4:
                failures.append(table)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
