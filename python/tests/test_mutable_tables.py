"""Mutable tables: registration, changes in SQL, transactions and batches."""

import pyarrow
import pytest

import jammi_ai

SCHEMA = pyarrow.schema(
    [
        pyarrow.field("item_id", pyarrow.string(), nullable=False),
        pyarrow.field("tier", pyarrow.string()),
        pyarrow.field("valid_from", pyarrow.int64(), nullable=False),
        pyarrow.field("valid_to", pyarrow.int64()),
    ]
)


@pytest.fixture
def db(tmp_path):
    with jammi_ai.connect(artifact_dir=tmp_path / "jammi") as database:
        yield database


@pytest.fixture
def items(db):
    name = db.create_mutable_table(
        "items",
        schema=SCHEMA,
        primary_key=["item_id", "valid_from"],
        indexes=[{"name": "idx_active", "columns": ["item_id", "valid_to"]}],
        order_column="valid_from",
        chunk_size=2,
    )
    assert name == "items"
    return db


def rows(db, query="SELECT * FROM mutable.public.items ORDER BY ALL"):
    return [tuple(row.values()) for row in db.sql(query).to_pylist()]


def test_a_table_is_listed_as_it_was_declared(items, tmp_path):
    listed = {
        "name": "items",
        "columns": [
            ("item_id", "Utf8", False),
            ("tier", "Utf8", True),
            ("valid_from", "Int64", False),
            ("valid_to", "Int64", True),
        ],
        "primary_key": ["item_id", "valid_from"],
        "indexes": [{"name": "idx_active", "columns": ["item_id", "valid_to"], "unique": False}],
        "order_column": "valid_from",
    }
    assert items.list_mutable_tables() == [listed]
    assert items.sql("SELECT * FROM mutable.public.items LIMIT 0").schema.names == SCHEMA.names
    items.close()
    with jammi_ai.connect(artifact_dir=tmp_path / "jammi") as reopened:
        assert reopened.list_mutable_tables() == [listed]


def test_changes_report_a_count(items):
    inserted = items.sql(
        "INSERT INTO mutable.public.items (item_id, tier, valid_from) VALUES "
        "('a', 'standard', '2026-04-01T00:00:00Z'), ('b', 'premium', 7)"
    )
    assert inserted.schema.field("count").type == pyarrow.uint64() and inserted.to_pydict() == {"count": [2]}
    closed = items.sql(
        "UPDATE mutable.public.items SET valid_to = '2026-05-15T12:00:00Z' WHERE item_id = 'a' AND valid_to IS NULL; "
        "INSERT INTO mutable.public.items (item_id, tier, valid_from) VALUES ('a', 'premium', '2026-05-15T12:00:00Z')"
    )
    assert closed.to_pydict() == {"count": [1, 1]}
    assert rows(items) == [
        ("a", "premium", 1778846400000, None),
        ("a", "standard", 1775001600000, 1778846400000),
        ("b", "premium", 7, None),
    ]
    assert items.sql("DELETE FROM mutable.public.items WHERE tier = 'none'").to_pydict() == {"count": [0]}


def test_the_last_of_several_statements_may_give_rows(items):
    insert = "INSERT INTO mutable.public.items VALUES ('a', 'x', 1, NULL), ('b', 'y', 2, NULL); "
    changed = items.sql(insert + "UPDATE mutable.public.items SET tier = DEFAULT WHERE item_id = 'b' RETURNING item_id, tier")
    assert changed.to_pylist() == [{"item_id": "b", "tier": None}]
    left = items.sql("DELETE FROM mutable.public.items WHERE item_id = 'a'; SELECT item_id FROM mutable.public.items")
    assert left.to_pydict() == {"item_id": ["b"]}
    plan = items.sql("EXPLAIN DELETE FROM mutable.public.items")
    assert "Mutable Delete" in plan["plan"][0].as_py()
    assert len(rows(items)) == 1


def test_what_fails_changes_nothing(items):
    with pytest.raises(RuntimeError, match="Mutable table error: duplicate key in 'items'"):
        items.sql("INSERT INTO mutable.public.items VALUES ('a', 'x', 1, NULL), ('a', 'y', 1, NULL)")
    with pytest.raises(RuntimeError, match="column 'valid_from' of 'items' must not be null"):
        items.sql("INSERT INTO mutable.public.items (item_id) VALUES ('a')")
    assert rows(items) == []


def test_a_transaction_commits_at_the_end_of_its_block(items):
    with items.transaction() as changes:
        changes.sql("INSERT INTO mutable.public.items VALUES ('a', 'x', 1, NULL)")
        changes.insert_batch("items", pyarrow.table([["b"], ["y"], [2], [None]], schema=SCHEMA))
        assert changes.sql("SELECT count(*) AS n FROM mutable.public.items").to_pydict() == {"n": [2]}
        assert rows(items) == []
    assert [row[0] for row in rows(items)] == ["a", "b"]
    with pytest.raises(RuntimeError, match="the transaction is over"):
        changes.sql("SELECT 1")


def test_a_transaction_that_an_exception_leaves_changes_nothing(items):
    with pytest.raises(ZeroDivisionError), items.transaction() as changes:
        changes.sql("INSERT INTO mutable.public.items VALUES ('a', 'x', 1, NULL)")
        raise ZeroDivisionError
    with pytest.raises(RuntimeError, match="duplicate key"), items.transaction() as changes:
        changes.sql("INSERT INTO mutable.public.items VALUES ('a', 'x', 1, NULL)")
        changes.sql("INSERT INTO mutable.public.items VALUES ('a', 'x', 1, NULL)")
    assert rows(items) == []


def test_batches_are_replayed_in_order(items):
    numbers = [5, 3, 1, 4, 2]
    batch = pyarrow.table([["a"] * 5, [None] * 5, numbers, [None] * 5], schema=SCHEMA)
    items.insert_batch("items", batch)
    assert items.scan_after("items", 2)["valid_from"].to_pylist() == [3, 4, 5]
    assert items.scan_after("items", 5).num_rows == 0
    assert items.scan_after("items", 0, limit=3)["valid_from"].to_pylist() == [1, 2, 3]
    with pytest.raises(ValueError, match="limit must be at least 0"):
        items.scan_after("items", 0, limit=-1)
    with pytest.raises(RuntimeError, match="duplicate key in 'items'"):
        items.insert_batch("items", batch)
    with pytest.raises(RuntimeError, match="batch schema does not match mutable table 'items': 1 columns, expected 4"):
        items.insert_batch("items", pyarrow.table({"item_id": ["c"]}))


def test_dropping(items):
    items.drop_mutable_table("items")
    assert items.list_mutable_tables() == []
    with pytest.raises(RuntimeError, match="mutable table not found: items"):
        items.drop_mutable_table("items")
    items.drop_mutable_table("items", if_exists=True)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"schema": pyarrow.schema([("a", pyarrow.timestamp("us"))])}, RuntimeError, "column 'a' has an unsupported type"),
        ({"schema": ["a"]}, TypeError, "schema must be an Arrow schema, not list"),
        ({"primary_key": []}, RuntimeError, "primary key must not be empty"),
        ({"primary_key": "item_id"}, TypeError, "primary_key must be a list of str"),
        ({"indexes": [{"columns": ["tier"]}]}, KeyError, "index spec missing required key 'name'"),
        ({"indexes": [{"name": "i"}]}, KeyError, "index spec missing required key 'columns'"),
        ({"order_column": "tier"}, RuntimeError, "order_column 'tier' must be Int64 or UInt64, got Utf8"),
        ({"chunk_size": 0}, ValueError, "chunk_size must be at least 1"),
    ],
)
def test_definitions_that_break_a_rule(db, changed, error, message):
    with pytest.raises(error, match=message):
        db.create_mutable_table("t", **{"schema": SCHEMA, "primary_key": ["item_id"]} | changed)
    assert db.list_mutable_tables() == []
