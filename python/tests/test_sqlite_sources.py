"""SQLite files as sources."""

import sqlite3

import pytest

ERROR = RuntimeError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "50% notes.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            '''
            CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT, price REAL, picture BLOB, "ünï ""code""" INTEGER);
            INSERT INTO notes VALUES (1, 'anchor', 1.5, x'00ff', 7), (2, NULL, NULL, NULL, NULL), (3, 'boat', 2.5, x'', -1);
            CREATE TABLE "Authors" (id INTEGER, name TEXT);
            INSERT INTO "Authors" VALUES (1, 'Ann'), (3, 'Bo');
            CREATE VIEW titles AS SELECT title FROM notes WHERE title IS NOT NULL;
            '''
        )
    connection.close()
    return path


@pytest.fixture
def source(db, file):
    db.add_source("s", url="sqlite://" + str(file).replace("%", "%25"))
    return db


def rows(db, query):
    return [tuple(row.values()) for row in db.sql(query).to_pylist()]


def test_tables_are_read_with_their_types(source):
    assert rows(source, "SELECT * FROM s.public.notes ORDER BY id") == [
        (1, "anchor", 1.5, b"\x00\xff", 7),
        (2, None, None, None, None),
        (3, "boat", 2.5, b"", -1),
    ]
    tables = rows(source, "SELECT table_name FROM information_schema.tables WHERE table_catalog = 's' ORDER BY 1")
    assert tables == [("Authors",), ("notes",)]
    assert [it["source_type"] for it in source.list_sources() if it["source_id"] == "s"] == ["sqlite"]


def test_joins_within_the_file(source):
    query = 'SELECT n.title, a.name FROM s.public.notes n JOIN s.public."Authors" a USING (id) ORDER BY 1'
    assert rows(source, query) == [("anchor", "Ann"), ("boat", "Bo")]


def test_what_others_write_meanwhile_is_seen(source, file):
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO notes (id, title) VALUES (4, 'crane')")
        connection.execute("CREATE TABLE late (x INTEGER)")
    connection.close()
    assert rows(source, "SELECT count(*) FROM s.public.notes") == [(4,)]
    assert rows(source, "SELECT * FROM s.public.late") == []


def test_nothing_is_written(source, file):
    before = file.read_bytes()
    for statement in (
        "INSERT INTO s.public.notes (id) VALUES (9)",
        "UPDATE s.public.notes SET title = 'x'",
        "DELETE FROM s.public.notes",
        "DROP TABLE s.public.notes",
        "CREATE TABLE s.public.mine (x INTEGER)",
    ):
        with pytest.raises(ERROR):
            source.sql(statement)
    assert file.read_bytes() == before


@pytest.mark.parametrize("table", ["titles", "sqlite_master", "sqlite_schema", "sqlite_temp_master", "pragma_table_info"])
def test_views_and_the_files_own_tables_are_hidden(source, table):
    with pytest.raises(ERROR, match="no such"):
        source.sql(f"SELECT * FROM s.public.{table}")


def test_a_file_that_is_missing_or_no_database_is_refused(db, tmp_path):
    with pytest.raises(ERROR, match="no such file"):
        db.add_source("missing", url=f"sqlite://{tmp_path}/missing.db")
    assert not (tmp_path / "missing.db").exists()
    (tmp_path / "text.db").write_text("no database at all " * 100)
    with pytest.raises(ERROR, match="not a database"):
        db.add_source("text", url=f"sqlite://{tmp_path}/text.db")
    with pytest.raises(ERROR, match="absolute path"):
        db.add_source("relative", url="sqlite://text.db")
    assert [it["source_id"] for it in db.list_sources()] == ["papers"]


def test_a_value_of_another_type_is_an_error_that_names_it(source, file):
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO notes (id, price) VALUES (5, 'much')")
    connection.close()
    with pytest.raises(ERROR, match="price"):
        source.sql("SELECT price FROM s.public.notes")
    assert rows(source, "SELECT count(id) FROM s.public.notes") == [(4,)]


def test_a_file_whose_place_another_takes_is_read_anew(source, file):
    assert len(rows(source, "SELECT id FROM s.public.notes")) == 3
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE notes (other TEXT)")
        connection.execute("INSERT INTO notes VALUES ('new')")
    connection.close()
    assert rows(source, "SELECT * FROM s.public.notes") == [("new",)]


def test_a_file_that_vanishes_is_reported_by_the_statement_that_reads_it(source, file):
    file.unlink()
    with pytest.raises(ERROR, match="no such file"):
        source.sql("SELECT * FROM s.public.notes")


def test_its_rows_are_embedded_and_found(source, model):
    source.generate_text_embeddings(source="s", model=model, columns=["title"], key="id")
    vector = source.encode_text_query(model, "anchor")
    found = source.search("s", query=vector, k=1).run()
    assert found["title"].to_pylist() == ["anchor"]
