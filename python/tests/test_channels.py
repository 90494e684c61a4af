"""Provenance channels: declaring them, and merging what they contribute into results."""

import concurrent.futures

import numpy
import pandas
import pyarrow
import pytest

import jammi_ai

BUILT_IN = [
    {"channel_id": "vector", "priority": 1, "columns": [("similarity", "Float32")]},
    {
        "channel_id": "inference",
        "priority": 2,
        "columns": [("inference_model", "Utf8"), ("inference_task", "Utf8"), ("inference_confidence", "Float32")],
    },
]
SCORED_BY = [("ranker", "Utf8"), ("rank_score", "Float32")]


@pytest.fixture
def scored_by(embedded):
    """The embedded papers, and the channel scored_by."""
    embedded.register_channel("scored_by", priority=3, columns=SCORED_BY)
    return embedded


@pytest.fixture
def hits(scored_by, model):
    """The result of a search: three rows."""
    query = scored_by.encode_text_query(model, "Report about solar panels")
    search = scored_by.search("papers", query=query, k=3)
    search.select(["title", "similarity"])
    return search.run()


def scores(count=3):
    return [pyarrow.array(["bm25"] * count), pyarrow.array(numpy.arange(count, dtype=numpy.float32))]


def merge(db, batches, contributions, participating=("vector", "scored_by")):
    return jammi_ai.merge_channels(
        db, batches, participating, retrieved_by=["vector", "scored_by"], annotated_by=[], contributions=contributions
    )


def test_built_in_channels_are_always_there(db):
    assert db.list_channels() == BUILT_IN


def test_a_channel_is_registered_extended_and_kept(tmp_path):
    with jammi_ai.connect(artifact_dir="kept") as db:
        assert db.register_channel("scored_by", priority=3, columns=SCORED_BY) is None
        assert db.add_channel_columns("scored_by", columns=[("scored_at", "Utf8")]) is None
        db.register_channel("first", priority=-(2**31), columns=iter([]))
    with jammi_ai.connect(artifact_dir="kept") as db:
        first, *_, last = db.list_channels()
        assert first == {"channel_id": "first", "priority": -(2**31), "columns": []}
        assert last == {"channel_id": "scored_by", "priority": 3, "columns": [*SCORED_BY, ("scored_at", "Utf8")]}
        view = db.sql("SELECT columns FROM channels WHERE channel_name = 'scored_by'")
        assert view["columns"].to_pylist() == ["ranker:Utf8,rank_score:Float32,scored_at:Utf8"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([("ranker", "Int32")], "channel 'scored_by': column 'ranker' was declared Utf8, cannot redeclare as Int32"),
        ([("new", "Utf8"), ("ranker", "Utf8")], "channel 'scored_by': column 'ranker' already declared"),
        (
            [("new", "Utf8"), ("other", "utf8")],
            "Unknown channel column type 'utf8'. Expected: Float32, Float64, Int32, Int64, Utf8, Boolean",
        ),
    ],
)
def test_refused_columns_change_nothing_and_the_message_is_exact(scored_by, columns, message):
    with pytest.raises(RuntimeError) as error:
        scored_by.add_channel_columns("scored_by", columns=columns)
    assert str(error.value) == message
    assert scored_by.list_channels()[2]["columns"] == SCORED_BY


def test_refused_channels_are_runtime_errors_with_the_exact_message(scored_by):
    with pytest.raises(RuntimeError, match="^channel 'scored_by': already exists$"):
        scored_by.register_channel("scored_by", priority=3, columns=SCORED_BY)
    with pytest.raises(RuntimeError, match="^channel 'absent': not registered$"):
        scored_by.add_channel_columns("absent", columns=SCORED_BY)
    with pytest.raises(RuntimeError, match=r"^invalid channel id 'a-b': must be \[a-z0-9_\]$"):
        scored_by.register_channel("a-b", priority=3, columns=SCORED_BY)
    with pytest.raises(RuntimeError, match="must be at most 64 characters"):
        scored_by.register_channel("x" * 10_000_000, priority=3, columns=[])
    with pytest.raises(RuntimeError, match="a column name must be 1 to 255 bytes"):
        scored_by.register_channel("long", priority=3, columns=[("x" * 10_000_000, "Utf8")])
    assert len(scored_by.list_channels()) == 3


def test_sixteen_threads_register_one_channel_and_one_of_them_succeeds(db):
    def register(number):
        try:
            db.register_channel("raced", priority=number, columns=[("a", "Utf8")])
        except RuntimeError as error:
            return str(error)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(register, range(16)))
    assert outcomes.count(None) == 1
    assert outcomes.count("channel 'raced': already exists") == 15
    winner = {"channel_id": "raced", "priority": outcomes.index(None), "columns": [("a", "Utf8")]}
    assert winner in db.list_channels()


def test_merged_results_have_the_channels_columns_by_priority(scored_by, hits):
    [merged] = merge(scored_by, [hits], [{"scored_by": scores()}])
    assert isinstance(merged, pyarrow.Table)
    assert merged.column_names == ["title", "retrieved_by", "annotated_by", "similarity", "ranker", "rank_score"]
    assert merged["similarity"].equals(hits["similarity"])
    assert merged["retrieved_by"].to_pylist() == [["vector", "scored_by"]] * 3
    assert merged["annotated_by"].to_pylist() == [[]] * 3
    assert merged["rank_score"].to_pylist() == [0.0, 1.0, 2.0]
    table = scored_by.sql("SELECT title, similarity, ranker, rank_score FROM results", relations={"results": merged})
    assert table["ranker"].to_pylist() == ["bm25"] * 3


def test_a_table_without_a_contribution_has_nulls(scored_by, hits):
    with_scores, without = merge(scored_by, [hits, hits], [{"scored_by": scores()}, {}])
    assert with_scores.schema.equals(without.schema)
    assert without["ranker"].to_pylist() == [None] * 3
    assert without["similarity"].equals(hits["similarity"])


def test_arrays_of_any_library_and_pairs_are_contributions(scored_by, hits):
    ranker, score = scores()
    for arrays in (
        (ranker, score),
        [pyarrow.chunked_array([ranker.slice(0, 1), ranker.slice(1)]), pyarrow.chunked_array([score])],
        [pandas.Series(["bm25"] * 3), pandas.Series([0, 1, 2], dtype="float32")],
        [ranker, numpy.arange(3, dtype=numpy.float32)],
    ):
        [merged] = merge(scored_by, [hits], [[("scored_by", arrays)]])
        assert merged["rank_score"].to_pylist() == [0.0, 1.0, 2.0]
    [merged] = merge(scored_by, [hits.to_batches()[0]], [{"scored_by": [ranker, score]}])
    assert merged["ranker"].to_pylist() == ["bm25"] * 3


def test_arrays_pass_without_a_copy(scored_by, hits):
    ranker, score = scores()
    [merged] = merge(scored_by, [hits], [{"scored_by": [ranker, score]}])
    assert merged["rank_score"].chunk(0).buffers()[1].address == score.buffers()[1].address


@pytest.mark.parametrize(
    ("contributions", "message"),
    [
        ([], "contributions length 0 does not match batches length 1"),
        ([[("scored_by", scores()), ("scored_by", scores())]], "channel 'scored_by': duplicate contribution on batch 0"),
        (
            [{"inference": []}],
            "batch 0: contribution for channel 'inference' is not in the participating set",
        ),
        ([{"scored_by": scores()[:1]}], "batch 0: channel 'scored_by' contribution has 1 columns, expected 2"),
        ([{"scored_by": scores(2)}], "batch 0: channel 'scored_by' column 'ranker' has 2 rows, expected 3"),
        (
            [{"scored_by": [scores()[0], pyarrow.array([1.0, 2.0, 3.0])]}],
            "batch 0: channel 'scored_by' column 'rank_score' has dtype Float64, expected Float32 (column index 1)",
        ),
    ],
)
def test_contributions_that_do_not_fit_are_runtime_errors_with_the_exact_message(
    scored_by, hits, contributions, message
):
    with pytest.raises(RuntimeError) as error:
        merge(scored_by, [hits], contributions)
    assert str(error.value) == message


def test_an_unregistered_channel_takes_no_part(scored_by, hits):
    with pytest.raises(RuntimeError, match="^channel 'bm25': not registered$"):
        merge(scored_by, [hits], [{}], participating=["bm25"])


def test_wrong_types_are_type_errors_that_name_the_argument(scored_by, hits):
    add = scored_by.add_channel_columns
    calls = {
        "channel_id must be a str, not int": lambda: scored_by.register_channel(1, priority=1, columns=[]),
        "priority must be an int, not float": lambda: scored_by.register_channel("a", priority=1.5, columns=[]),
        "columns must be a list, not str": lambda: add("a", columns="ab"),
        "columns must be a list, not dict": lambda: add("a", columns={"a": "Utf8"}),
        r"columns\[1\] must be a pair, not 'bc'": lambda: add("a", columns=[("a", "Utf8"), "bc"]),
        r"name of columns\[0\] must be a str, not int": lambda: add("a", columns=[(1, "Utf8")]),
        r"type of columns\[0\] must be a str, not DataType": lambda: add("a", columns=[("a", pyarrow.utf8())]),
        "db must be a Database, not str": lambda: merge("db", [hits], [{}]),
        "batches must be a list, not Table": lambda: merge(scored_by, hits, [{}]),
        r"batches\[0\] must be an Arrow table .*, not list": lambda: merge(scored_by, [[1]], [{}]),
        "participating must be a list of str, not str": lambda: merge(scored_by, [hits], [{}], participating="vector"),
        "contributions must be a list, not dict": lambda: merge(scored_by, [hits], {"scored_by": scores()}),
        r"contributions\[0\] must be a list, not int": lambda: merge(scored_by, [hits], [1]),
        r"channel of contributions\[0\]\[0\] must be a str": lambda: merge(scored_by, [hits], [[(1, [])]]),
        r"contribution of 'scored_by' in contributions\[0\] must be a list, not ChunkedArray": lambda: merge(
            scored_by, [hits], [{"scored_by": hits["title"]}]
        ),
        r"array 1 of 'scored_by' in contributions\[0\] must be an Arrow or NumPy array, not list": lambda: merge(
            scored_by, [hits], [{"scored_by": [scores()[0], [1.0, 2.0, 3.0]]}]
        ),
    }
    for text, call in calls.items():
        with pytest.raises(TypeError, match=f"^{text}"):
            call()
    with pytest.raises(ValueError, match="priority must be at least -2147483648 and fit 32 bits: 2147483648"):
        scored_by.register_channel("a", priority=2**31, columns=[])
