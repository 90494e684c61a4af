"""Wrong types and impossible values end in an error that names the argument."""

import inspect
import os

import numpy
import pyarrow
import pyarrow.parquet
import pytest

import jammi_ai

LONG = "x" * 10_000_000


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"artifact_dir": 3}, TypeError, "artifact_dir must be a str, not int"),
        ({"artifact_dir": b"bytes"}, TypeError, "artifact_dir must be a str, not bytes"),
        ({"config": ["a"]}, TypeError, "config must be a str, not list"),
        ({"gpu_device": "0"}, TypeError, "gpu_device must be an int, not str"),
        ({"gpu_device": -2}, ValueError, "gpu_device must be at least -1"),
        ({"gpu_device": 2**70}, ValueError, "gpu_device"),
        ({"inference_batch_size": 0}, ValueError, "inference_batch_size must be at least 1"),
        ({"inference_batch_size": 1.5}, TypeError, "inference_batch_size must be an int, not float"),
    ],
)
def test_connect_refuses(arguments, error, text, tmp_path):
    with pytest.raises(error, match=text):
        jammi_ai.connect(**arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_a_runtime_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeError):
        jammi_ai.connect(artifact_dir=tmp_path / "file" / "below")


def verbs(db, model):
    """Every verb that takes arguments, with arguments that are right."""
    search = db.search("papers", query=[0.1] * 32, k=1)
    changes = db.transaction()
    batch = pyarrow.table({"id": ["a"]})
    embed = {"source": "papers", "model": model, "columns": ["title"], "key": "id", "progress": None}
    return [
        (jammi_ai.connect, {"config": None, "artifact_dir": None, "gpu_device": None, "inference_batch_size": None}),
        (db.add_source, {"name": "x", "format": "csv", "url": None, "path": "x.csv"}),
        (db.remove_source, {"name": "x"}),
        (db.describe_source, {"name": "x"}),
        (db.set_source_tenant_column, {"name": "x", "column": None}),
        (db.with_tenant, {"tenant_id": ""}),
        (db.sql, {"query": "SELECT 1", "relations": {}}),
        (
            db.create_mutable_table,
            {
                "name": "x",
                "schema": batch.schema,
                "primary_key": ["id"],
                "indexes": None,
                "order_column": None,
                "chunk_size": None,
            },
        ),
        (db.drop_mutable_table, {"name": "x", "if_exists": False}),
        (db.insert_batch, {"table": "x", "rows": batch}),
        (db.scan_after, {"table": "x", "value": 0, "limit": None}),
        (changes.sql, {"statements": "SELECT 1"}),
        (changes.insert_batch, {"table": "x", "rows": batch}),
        (db.generate_text_embeddings, embed),
        (db.generate_embeddings, embed | {"modality": "text"}),
        (
            db.generate_image_embeddings,
            {"source": "papers", "model": model, "image_column": "title", "key": "id", "progress": None},
        ),
        (db.infer, embed | {"task": "text_embedding"}),
        (db.add_observer, {"observer": print}),
        (db.encode_text_query, {"model_id": model, "text": "text"}),
        (db.encode_image_query, {"model_id": model, "image_bytes": b"bytes"}),
        (db.preload_model, {"model_id": model, "task": "text_embedding"}),
        (db.evict_model, {"model_id": model}),
        (db.search, {"source": "papers", "query": [0.1] * 32, "k": 1, "filter": None}),
        (db.register_channel, {"channel_id": "x", "priority": 1, "columns": []}),
        (db.add_channel_columns, {"channel_id": "x", "columns": []}),
        (
            jammi_ai.merge_channels,
            {
                "db": db,
                "batches": [],
                "participating": [],
                "retrieved_by": [],
                "annotated_by": [],
                "contributions": [],
            },
        ),
        (search.join, {"source": "papers", "on": "id=id", "how": None}),
        (search.annotate, {"model": model, "task": "text_embedding", "columns": ["title"]}),
        (search.filter, {"predicate": "true"}),
        (search.sort, {"column": "id", "descending": False}),
        (search.limit, {"n": 1}),
        (search.select, {"columns": ["id"]}),
    ]


def test_no_argument_of_any_verb_takes_an_object_of_no_type_and_the_error_names_it(embedded, model):
    for verb, arguments in verbs(embedded, model):
        assert set(inspect.signature(verb).parameters) == set(arguments), verb.__qualname__
        for name in arguments:
            with pytest.raises(TypeError) as error:
                verb(**arguments | {name: object()})
            assert str(error.value).startswith(f"{name} must be "), verb.__qualname__


def test_every_verb_is_among_them(embedded, model):
    tried = {verb.__name__ for verb, _ in verbs(embedded, model)}
    # An observer is any object; removing one that is not there is a ValueError.
    for owner in (jammi_ai.Database, jammi_ai.SearchBuilder, jammi_ai.Transaction):
        for name, method in vars(owner).items():
            takes_arguments = callable(method) and len(inspect.signature(method).parameters) > 1
            assert name.startswith("_") or not takes_arguments or name in tried | {"remove_observer"}, name


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("columns must be a list of str, not str", lambda db: db.search("papers", query=[0.1] * 32, k=1).select("id")),
        (
            r"columns\[1\] must be a str, not int",
            lambda db: db.infer(source="papers", model="m", columns=["title", 2], task="ner", key="id"),
        ),
        ("text must be a str, not bytes", lambda db: db.encode_text_query("m", b"text")),
        ("query must be a sequence of numbers, not str", lambda db: db.search("papers", query="text", k=1)),
        ("query must be a sequence of numbers, not bytes", lambda db: db.search("papers", query=b"1234", k=1)),
        ("query must be a sequence of numbers, not float", lambda db: db.search("papers", query=0.5, k=1)),
        ("query must be a flat sequence of numbers", lambda db: db.search("papers", query=[[0.1] * 32], k=1)),
        ("query must be a flat sequence of numbers", lambda db: db.search("papers", query=["0.1"] * 32, k=1)),
        ("query must be a flat sequence of numbers", lambda db: db.search("papers", query=[None] * 32, k=1)),
        ("k must be an int, not float", lambda db: db.search("papers", query=[0.1] * 32, k=1.0)),
        ("format must be a str, not int", lambda db: db.add_source("x", path="x", format=1)),
        ("relations must be a dict, not list", lambda db: db.sql("SELECT 1", relations=[("a", None)])),
        ("relation name must be a str, not int", lambda db: db.sql("SELECT 1", relations={1: None})),
        ("task must be a ModelTask", lambda db: db.infer(source="a", model="m", columns=["b"], task="x", key="id")),
    ],
)
def test_other_wrong_types_are_named_too(embedded, text, call):
    with pytest.raises(TypeError, match=f"^{text}"):
        call(embedded)


def test_impossible_values_are_value_errors(embedded):
    with pytest.raises(ValueError, match="k must be at least 0"):
        embedded.search("papers", query=[0.1] * 32, k=-1)
    with pytest.raises(ValueError, match="k must be at least 0 and fit 64 bits"):
        embedded.search("papers", query=[0.1] * 32, k=2**64)
    with pytest.raises(ValueError, match="query must have one dimension, not 2"):
        embedded.search("papers", query=numpy.zeros((1, 32)), k=1)
    with pytest.raises(ValueError, match="lone surrogate at position 7"):
        embedded.sql("SELECT \ud800")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_a_query_vector_that_is_not_finite_is_refused(embedded, value):
    with pytest.raises(RuntimeError, match="not finite"):
        embedded.search("papers", query=[0.1] * 31 + [value], k=1)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_so_is_one_in_sql(embedded, value):
    vector = ", ".join(["0.1"] * 31 + [f"'{value}'::FLOAT"])
    with pytest.raises(RuntimeError, match="not finite"):
        embedded.sql(f"SELECT * FROM vector_search('papers', [{vector}], 1)")


def test_an_ambiguous_name_is_refused_and_named(embedded):
    twice = "papers.public.papers a JOIN papers.public.papers b ON a.id = b.id"
    with pytest.raises(RuntimeError, match='Ambiguous reference to column name.*"?title'):
        embedded.sql(f"SELECT title FROM {twice}")
    relation = pyarrow.table([[1], [2]], names=["n", "n"])
    with pytest.raises(RuntimeError, match="Relation 'r' has two columns of one name, ignoring case: 'n'"):
        embedded.sql("SELECT n FROM r", relations={"r": relation})
    search = embedded.search("papers", query=[0.1] * 32, k=1)
    search.join("papers", on="id=id")
    assert {"title", "papers_title"} <= set(search.run().column_names)


def test_a_query_vector_of_another_width_is_refused(embedded):
    for width in (0, 31, 33, 100_000):
        with pytest.raises(RuntimeError, match=f"Vector dimension mismatch: expected 32, got {width}"):
            embedded.search("papers", query=[0.1] * width, k=1)


def test_a_vector_of_zeros_finds_rows_without_similarity(embedded):
    result = embedded.search("papers", query=[0.0] * 32, k=3).run()
    assert result["similarity"].to_pylist() == [0.0] * 3


def test_a_string_of_ten_million_characters_is_text_or_an_error_everywhere(embedded, model, papers):
    assert len(embedded.encode_text_query(model, LONG)) == 32
    assert len(embedded.sql(f"SELECT '{LONG}' AS x")["x"][0].as_py()) == len(LONG)
    assert embedded.sql("SELECT 1 AS one", relations={LONG: pyarrow.table({"a": [1]})})["one"].to_pylist() == [1]
    assert embedded.describe_source(LONG) is None
    search = embedded.search("papers", query=[0.1] * 32, k=1)
    embed = {"source": "papers", "model": model, "columns": ["title"], "key": "id"}
    for call in (
        lambda: embedded.sql(LONG),
        lambda: embedded.sql(f'SELECT "{LONG}" FROM papers.public.papers'),
        lambda: embedded.sql(f'SELECT * FROM "{LONG}".public."{LONG}"'),
        lambda: embedded.remove_source(LONG),
        lambda: embedded.add_source("long", path=LONG, format="parquet"),
        lambda: embedded.add_source("long", path=papers, format=LONG),
        lambda: embedded.add_source(LONG, path=papers, format="parquet"),
        lambda: embedded.preload_model("local:" + LONG),
        lambda: embedded.generate_text_embeddings(**embed | {"source": LONG}),
        lambda: embedded.generate_text_embeddings(**embed | {"columns": [LONG]}),
        lambda: embedded.generate_text_embeddings(**embed | {"key": LONG}),
        lambda: embedded.search(LONG, query=[0.1] * 32, k=1),
        lambda: search.filter(LONG),
        lambda: search.sort(LONG),
        lambda: search.select([LONG]),
        lambda: embedded.register_channel(LONG, priority=3, columns=[]),
        lambda: embedded.register_channel("long", priority=3, columns=[(LONG, "Utf8")]),
        lambda: embedded.register_channel("long", priority=3, columns=[("a", LONG)]),
        lambda: search.join(LONG, on="id=id"),
        lambda: search.join("papers", on=LONG),
        lambda: search.join("papers", on=LONG + "=id"),
        lambda: search.annotate(model=model, task="text_embedding", columns=[LONG]),
        lambda: embedded.search("papers", query=[0.1] * 32, k=1, filter=LONG),
    ):
        with pytest.raises(RuntimeError) as raised:
            call()
        assert len(str(raised.value)) < 1500
    search.filter(f"title <> '{LONG}'")
    assert len(repr(search)) < 500 and len(search.explain()) < 1500
    assert search.run().num_rows == 1
    assert [source["source_id"] for source in embedded.list_sources()] == ["papers"]


INJECTIONS = ['a"b', 'a"."b', "x'; DROP TABLE papers; --", "--", "/*", "; SELECT 1", "$1", "?", "*", "COLUMNS(*)", "..", "%s"]


@pytest.mark.parametrize("name", INJECTIONS)
def test_names_are_names_wherever_they_go_into_sql(db, model, tmp_path, name):
    """The same text as the name of a source, of its key and of its text column."""
    key, column = f"key {name}", f"text {name}"
    pyarrow.parquet.write_table(pyarrow.table({key: [1, 2, 3], column: ["solar", "rice", "the old city"]}), "rows.parquet")
    db.add_source(name, path="rows.parquet", format="parquet")
    db.generate_text_embeddings(source=name, model=model, columns=[column], key=key)
    quoted = '"' + column.replace('"', '""') + '"'

    def found():
        search = db.search(name, query=db.encode_text_query(model, "solar"), k=3)
        search.filter(f"{quoted} <> 'rice'")
        search.sort(column, descending=True)
        search.select([column, key])
        return search.run()

    expected = {key: [3, 1], column: ["the old city", "solar"]}
    assert found().select([key, column]).to_pydict() == expected
    # A changed file is read again, by its key, instead of the rows kept beside the vectors.
    pyarrow.parquet.write_table(pyarrow.table({key: [3, 1], column: ["the old city", "solar"]}), "rows.parquet")
    assert found().select([key, column]).to_pydict() == expected
    rows = db.infer(source=name, model=model, columns=[column], task="text_embedding", key=key)
    assert rows["_row_id"].to_pylist() == ["3", "1"]
    assert db.describe_source(name)["tables"][0]["columns"][1]["name"] == column
    db.remove_source(name)
    assert [source["source_id"] for source in db.list_sources()] == ["papers"]
    assert db.sql("SELECT count(*) AS n FROM papers.public.papers")["n"].to_pylist() == [20]


@pytest.mark.parametrize("name", ["", "a\0b", "a\nb", "\x7f", "x" * 256, "é" * 128])
def test_names_that_no_source_can_have_are_refused(db, papers, name):
    with pytest.raises(RuntimeError, match="a source id must be 1 to 255 bytes of UTF-8 without control characters"):
        db.add_source(name, path=papers, format="parquet")
    db.add_source("é" * 127, path=papers, format="parquet")


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ufeff", "🦆" * 1000, "\u202e", "' OR 1=1 --"])
def test_odd_characters_are_text(embedded, model, text):
    assert len(embedded.encode_text_query(model, text)) == 32
    assert embedded.describe_source(text) is None


def test_an_error_shows_bytes_that_are_no_text_replaced(monkeypatch):
    monkeypatch.setenv("JAMMI_LOGGING__LEVEL", os.fsdecode(b"a\xffb"))
    with pytest.raises(RuntimeError, match="^Configuration error: JAMMI_LOGGING__LEVEL .*: a\ufffdb$"):
        jammi_ai.connect(artifact_dir="never_made")
