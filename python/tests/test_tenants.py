"""Tenants: what a bound database sees and writes."""

import pyarrow
import pytest
from conftest import ROOT
from database_servers import DATABASE, PostgresServer

import jammi_ai

ALICE = "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a"
BOB = "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9b"
MODEL = "local:" + str(ROOT / "tests/fixtures/tiny_bert")


def ids(table):
    return sorted(table["id"].to_pylist())


@pytest.fixture
def notes(db, tmp_path):
    """`db` with the source `notes`: 6 rows of Alice, 4 of Bob, 1 of nobody."""
    owners = [ALICE] * 6 + [BOB] * 4 + [""]
    lines = [f"{i},{owner},note {i} about solar panels" for i, owner in enumerate(owners)]
    (tmp_path / "notes.csv").write_text("id,customer_id,text\n" + "\n".join(lines) + "\n")
    db.add_source("notes", path=tmp_path / "notes.csv", format="csv")
    db.set_source_tenant_column("notes", "customer_id")
    return db


def test_a_database_is_bound_in_place(db):
    assert db.tenant() is None
    db.with_tenant(ALICE.upper())
    assert db.tenant() == ALICE
    db.with_tenant("")
    assert db.tenant() is None


@pytest.mark.parametrize("text", ["alice", "018f5a0e", "00000000-0000-0000-0000-000000000000"])
def test_what_is_no_tenant_is_refused(db, text):
    with pytest.raises(RuntimeError, match="^Tenant error: tenant id"):
        db.with_tenant(text)
    assert db.tenant() is None


def test_rows_are_divided_by_the_declared_column(notes):
    query = "SELECT id FROM notes.public.notes"
    notes.with_tenant(ALICE)
    assert ids(notes.sql(query)) == [0, 1, 2, 3, 4, 5, 10]
    notes.with_tenant(BOB)
    assert ids(notes.sql(query)) == [6, 7, 8, 9, 10]
    notes.with_tenant("")
    assert ids(notes.sql(query)) == [10]


def test_rows_are_divided_by_a_column_tenant_id(db, tmp_path):
    rows = pyarrow.table({"id": [1, 2, 3], "tenant_id": [ALICE, BOB, None]})
    with open(tmp_path / "rows.csv", "w", encoding="utf-8") as file:
        file.write("id,tenant_id\n")
        file.writelines(f"{row['id']},{row['tenant_id'] or ''}\n" for row in rows.to_pylist())
    db.add_source("rows", path=tmp_path / "rows.csv", format="csv")
    db.with_tenant(BOB)
    assert ids(db.sql("SELECT id FROM rows.public.rows")) == [2, 3]
    assert db.sql("SELECT * FROM given", relations={"given": rows}).num_rows == 3


def test_sources_are_the_tenants(notes, tmp_path):
    notes.with_tenant(ALICE)
    (tmp_path / "inbox.csv").write_text("id\n1\n")
    notes.add_source("inbox", path=tmp_path / "inbox.csv", format="csv")
    assert "inbox" in {source["source_id"] for source in notes.list_sources()}
    notes.with_tenant(BOB)
    assert "inbox" not in {source["source_id"] for source in notes.list_sources()}
    assert notes.describe_source("inbox") is None
    with pytest.raises(RuntimeError, match="Source not found"):
        notes.remove_source("inbox")
    with pytest.raises(RuntimeError, match="already registered"):
        notes.add_source("inbox", path=tmp_path / "inbox.csv", format="csv")


def test_the_tenant_column_is_checked_and_guarded(notes):
    with pytest.raises(RuntimeError, match="Source error: notes: Column not found: client"):
        notes.set_source_tenant_column("notes", "client")
    notes.with_tenant(ALICE)
    notes.set_source_tenant_column("notes", "customer_id")
    with pytest.raises(RuntimeError, match="Tenant error"):
        notes.set_source_tenant_column("notes", None)


def test_search_neither_returns_nor_counts_nor_scores_rows_of_others(notes):
    notes.with_tenant(ALICE)
    notes.generate_text_embeddings(source="notes", model=MODEL, columns=["text"], key="id")
    vector = notes.encode_text_query(MODEL, "solar")
    found = notes.search("notes", query=vector, k=100).run()
    assert sorted(int(i) for i in found["_row_id"].to_pylist()) == [0, 1, 2, 3, 4, 5, 10]
    [table] = [source for source in notes.list_sources() if source["source_id"] == "notes"][0]["result_tables"]
    assert table["row_count"] == 7

    notes.with_tenant(BOB)
    with pytest.raises(RuntimeError, match="No ready embedding table for source 'notes'"):
        notes.search("notes", query=vector, k=100)
    with pytest.raises(RuntimeError, match="no such table"):
        notes.sql(f'SELECT * FROM "jammi.{table["table_name"]}"')
    with pytest.raises(RuntimeError, match="No ready embedding table"):
        notes.sql("SELECT * FROM vector_search('notes', 'solar', 3)")
    inferred = notes.infer(source="notes", model=MODEL, columns=["text"], task="text_embedding", key="id")
    assert sorted(int(i) for i in inferred["_row_id"].to_pylist()) == [6, 7, 8, 9, 10]
    annotated = notes.sql(
        f"SELECT _row_id FROM annotate('{MODEL}', 'text_embedding', 'notes.public.notes', 'id', 'text')"
    )
    assert annotated.num_rows == 5


def test_a_table_of_everybody_is_searched_only_where_its_rows_are_visible(db, tmp_path):
    path = tmp_path / "shared.csv"
    path.write_text("id,text\n" + "".join(f"{i},note {i}\n" for i in range(6)))
    db.add_source("shared", path=path, format="csv")
    db.generate_text_embeddings(source="shared", model=MODEL, columns=["text"], key="id")
    path.write_text(
        "id,text,tenant_id\n" + "".join(f"{i},note {i},{ALICE if i < 4 else BOB}\n" for i in range(6))
    )
    vector = db.encode_text_query(MODEL, "note")
    for tenant, expected in [(ALICE, {"0", "1", "2", "3"}), (BOB, {"4", "5"}), ("", set())]:
        db.with_tenant(tenant)
        for _ in range(2):
            search = db.search("shared", query=vector, k=10)
            assert set(search.run()["_row_id"].to_pylist()) == expected


def test_mutable_tables_are_the_tenants_and_nobodys(db):
    schema = pyarrow.schema([pyarrow.field("id", pyarrow.string(), nullable=False), pyarrow.field("n", pyarrow.int64())])
    own = pyarrow.table({"id": ["a"], "n": [1]})

    def create(name):
        db.create_mutable_table(name, schema=schema, primary_key=["id"], order_column="n")

    create("shared")
    db.insert_batch("shared", pyarrow.table({"id": ["c"], "n": [3]}))
    db.with_tenant(ALICE)
    create("private")
    for name in ["private", "shared"]:
        db.insert_batch(name, own)
    assert [table["name"] for table in db.list_mutable_tables()] == ["private"]
    with pytest.raises(RuntimeError, match="^Tenant error: a mutable table of all tenants"):
        db.drop_mutable_table("shared", if_exists=True)
    with pytest.raises(RuntimeError, match="^Tenant error: a row of all tenants"):
        db.sql("UPDATE mutable.public.shared SET n = 0")
    assert db.sql("UPDATE mutable.public.shared SET n = 0 WHERE id = 'a'").to_pydict() == {"count": [1]}

    db.with_tenant(BOB)
    assert db.list_mutable_tables() == []
    assert ids(db.scan_after("shared", -1)) == ["c"]
    for name in ["private", "unknown"]:
        not_found = f"^Mutable table error: mutable table not found: {name}$"
        with pytest.raises(RuntimeError, match=not_found):
            db.insert_batch(name, own)
        with pytest.raises(RuntimeError, match=not_found):
            db.scan_after(name, 0)
        with pytest.raises(RuntimeError, match=not_found):
            db.drop_mutable_table(name)


def test_observers_see_the_inferences_of_their_tenant(notes):
    seen = []
    notes.with_tenant(ALICE)
    notes.add_observer(lambda batch, info: seen.append(batch.num_rows))
    notes.with_tenant(BOB)
    notes.infer(source="notes", model=MODEL, columns=["text"], task="text_embedding", key="id")
    assert not seen
    notes.with_tenant(ALICE)
    notes.infer(source="notes", model=MODEL, columns=["text"], task="text_embedding", key="id")
    assert sum(seen) == 7


def test_models_are_those_that_the_tenant_used(notes):
    notes.with_tenant(ALICE)
    notes.encode_text_query(MODEL, "solar")
    assert len(notes.loaded_models()) == 1
    notes.with_tenant(BOB)
    assert notes.loaded_models() == []
    assert notes.sql("SELECT * FROM models").num_rows == 0
    with pytest.raises(RuntimeError, match="no such model"):
        notes.evict_model(MODEL)
    notes.encode_text_query(MODEL, "solar")
    assert len(notes.loaded_models()) == 1


# The isolation corpus on PostgreSQL; tests/isolation runs it on everything else.

MARKERS = ["crossing", "4711", "987654", "1931-07"]
TABLE = f"""
CREATE TABLE notes (id INTEGER PRIMARY KEY, customer UUID, body VARCHAR(100), amount DOUBLE PRECISION, born DATE);
INSERT INTO notes VALUES (101, '{ALICE}', '12', 1.5, '2001-01-01'), (103, NULL, 'shared', 3.5, '2003-03-03');
"""
BOBS_ROWS = f"""
INSERT INTO notes VALUES (7001, '{BOB}', 'zebra-crossing-4711', 987654321.25, '1931-07-13'),
  (7002, '{BOB}', 'zebra-crossing-4711b', 987654322.25, '1931-07-14');
"""


def corpus():
    lines = (ROOT / "tests/isolation/statements.sql").read_text(encoding="utf-8").splitlines()
    pairs = zip(lines, lines[1:])
    return [(name[3:], text) for name, text in pairs if name.startswith("-- ") and text and not text.startswith("-- ")]


def outcome(db, text):
    try:
        table = db.sql(text)
        return repr((table.column_names, sorted(map(repr, table.to_pylist()))))
    except RuntimeError as error:
        return str(error)


@pytest.fixture(scope="module")
def postgres():
    server = PostgresServer()
    server.execute(f"CREATE DATABASE {DATABASE}", database="postgres")
    server.execute(TABLE + BOBS_ROWS)
    yield server
    server.delete()


def test_no_statement_tells_rows_of_another_tenant_of_a_server(tmp_path, postgres):
    with jammi_ai.connect(artifact_dir=tmp_path / "artifacts") as db:
        db.add_source("shop", url=postgres.url())
        db.set_source_tenant_column("shop", "customer")
        leaks = []
        for bound, is_hidden in [(ALICE, True), ("", True), (BOB, False)]:
            db.with_tenant(bound)
            seen = 0
            for name, template in corpus():
                if "$t" not in template:
                    continue
                text = template.replace("$owner", "customer").replace("$alice", ALICE).replace("$bob", BOB)
                result = outcome(db, text.replace("$t", "shop.public.notes"))
                found = [marker for marker in MARKERS if marker in result]
                seen += bool(found)
                if found and is_hidden:
                    leaks.append((bound, name, result))
            assert is_hidden or seen > 50  # the corpus does reach the rows
        assert not leaks
