"""Tables in and out by the Arrow C stream interface, without copies."""

import numpy
import pandas
import pyarrow
import pytest

from jammi_ai import _jammi

from conftest import NUM_PAPERS


class Producer:
    """Any library's table: nothing but the one method."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.fixture
def table():
    return pyarrow.table(
        {
            "number": pyarrow.array([1, None, 3], pyarrow.int64()),
            "word": ["one", "two", None],
            "vector": pyarrow.array([[1.0, 2.0], [3.0, 4.0], None], pyarrow.list_(pyarrow.float32(), 2)),
            "label": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
        }
    )


def addresses(table):
    """Where the values of each chunk of each column lie."""
    return [
        [buffer.address for buffer in chunk.buffers() if buffer is not None]
        for column in table.columns
        for chunk in column.chunks
    ]


def test_neither_direction_copies(table):
    returned = pyarrow.table(_jammi.Table(table))
    assert returned.equals(table)
    assert addresses(returned) == addresses(table)


def test_chunks_and_slices_pass_without_a_copy(table):
    chunked = pyarrow.concat_tables([table, table.slice(1)])
    returned = pyarrow.table(_jammi.Table(chunked))
    assert returned.equals(chunked)
    assert {a for chunk in addresses(returned) for a in chunk} == {a for chunk in addresses(chunked) for a in chunk}


def test_a_numpy_array_reaches_the_engine_and_comes_back_in_place():
    values = numpy.arange(1000, dtype=numpy.int64)
    returned = pyarrow.table(_jammi.Table(pyarrow.table({"value": values})))
    assert returned["value"].chunk(0).buffers()[1].address == values.ctypes.data


def test_a_table_outlives_its_producer(table):
    held = _jammi.Table(Producer(table))
    expected = table.to_pylist()
    del table
    assert pyarrow.table(held).to_pylist() == expected
    assert pyarrow.table(held).to_pylist() == expected


def test_a_table_without_rows_keeps_its_columns(table):
    assert pyarrow.table(_jammi.Table(table.slice(0, 0))).schema == table.schema


def test_an_unread_stream_is_released(table):
    before = pyarrow.total_allocated_bytes()
    large = pyarrow.table({"value": pyarrow.array(range(100_000))})
    capsule = _jammi.Table(large).__arrow_c_stream__()
    del large, capsule
    assert pyarrow.total_allocated_bytes() == before


@pytest.mark.parametrize(
    "relation",
    [
        lambda: pyarrow.table({"id": [1, 2, 99]}),
        lambda: pyarrow.record_batch({"id": [1, 2, 99]}),
        lambda: pyarrow.table({"id": [1, 2, 99]}).to_reader(),
        lambda: pandas.DataFrame({"id": [1, 2, 99]}),
        lambda: Producer(pyarrow.table({"id": [1, 2, 99]})),
    ],
    ids=["table", "batch", "reader", "pandas", "any producer"],
)
def test_sql_joins_any_producer_with_a_source(db, relation):
    query = "SELECT p.id FROM papers.public.papers p JOIN wanted w ON p.id = w.id ORDER BY p.id"
    assert db.sql(query, relations={"wanted": relation()})["id"].to_pylist() == [1, 2]


def test_the_result_of_one_query_is_a_relation_of_the_next(db):
    first = db.sql("SELECT id, year FROM papers.public.papers")
    assert db.sql("SELECT count(*) AS n FROM first", relations={"first": first})["n"].to_pylist() == [NUM_PAPERS]


def test_a_relation_is_gone_after_its_query(db):
    db.sql("SELECT * FROM passing", relations={"passing": pyarrow.table({"a": [1]})})
    with pytest.raises(RuntimeError, match="^DataFusion error: .*passing"):
        db.sql("SELECT * FROM passing")


def test_what_is_no_table_is_refused_by_name(db):
    with pytest.raises(TypeError, match="relation 'numbers' must be an Arrow table .*, not list"):
        db.sql("SELECT * FROM numbers", relations={"numbers": [1, 2]})


def test_an_error_of_the_producer_comes_through(db):
    def batches():
        yield pyarrow.record_batch({"a": [1]})
        raise OSError("the disk is on fire")

    reader = pyarrow.RecordBatchReader.from_batches(pyarrow.schema({"a": pyarrow.int64()}), batches())
    with pytest.raises(RuntimeError, match="the disk is on fire"):
        db.sql("SELECT * FROM broken", relations={"broken": reader})


def test_a_stream_can_be_taken_only_once():
    reader = pyarrow.table({"a": [1]}).to_reader()
    capsule = reader.__arrow_c_stream__()

    class Spent:
        def __arrow_c_stream__(self, requested_schema=None):
            return capsule

    _jammi.Table(Spent())
    with pytest.raises(RuntimeError):
        _jammi.Table(Spent())
