import array

import numpy
import pyarrow
import pytest
import torch

from conftest import NUM_PAPERS

COLUMNS = ["_row_id", "_source_id", "id", "title", "year", "rating", "retrieved_by", "annotated_by", "similarity"]


@pytest.fixture
def query(embedded, model):
    return embedded.encode_text_query(model, "Report about solar panels")


def test_a_plain_search_returns_whole_rows_most_similar_first(embedded, query):
    result = embedded.search("papers", query=query, k=5).run()
    assert isinstance(result, pyarrow.Table)
    assert result.column_names == COLUMNS
    assert result.num_rows == 5
    similarity = result["similarity"].to_pylist()
    assert similarity == sorted(similarity, reverse=True)
    assert result.schema.field("similarity").type == pyarrow.float32()
    assert result["retrieved_by"].to_pylist() == [["vector"]] * 5
    assert result["annotated_by"].to_pylist() == [[]] * 5
    assert result["_row_id"].to_pylist() == [str(number) for number in result["id"].to_pylist()]


def test_steps_return_none_and_apply_in_order(embedded, query):
    search = embedded.search("papers", query=query, k=NUM_PAPERS)
    assert search.filter("year >= 2015 AND rating IS NOT NULL") is None
    assert search.sort("year", descending=True) is None
    assert search.limit(3) is None
    assert search.select(["year", "title"]) is None
    result = search.run()
    assert result["year"].to_pylist() == [2027, 2026, 2024]  # 2028 and 2029 have no text, 2025 no rating
    assert result.column_names[:2] == ["year", "title"]
    assert {"retrieved_by", "annotated_by"} <= set(result.column_names)


def test_nulls_come_last_in_both_directions(embedded, query):
    for descending in (False, True):
        search = embedded.search("papers", query=query, k=NUM_PAPERS)
        search.sort("rating", descending=descending)
        ratings = search.run()["rating"].to_pylist()
        assert ratings[-4:] == [None] * 4
        assert ratings[:-4] == sorted(ratings[:-4], reverse=descending)


def test_no_match_keeps_the_columns(embedded, query):
    search = embedded.search("papers", query=query, k=5)
    search.filter("year > 3000")
    result = search.run()
    assert result.num_rows == 0
    assert result.column_names == COLUMNS
    assert embedded.search("papers", query=query, k=0).run().num_rows == 0


def test_k_beyond_the_table_returns_all(embedded, query):
    assert embedded.search("papers", query=query, k=1000).run().num_rows == NUM_PAPERS - 2


def test_a_builder_runs_once(embedded, query):
    search = embedded.search("papers", query=query, k=1)
    search.run()
    for call in (search.run, lambda: search.filter("true"), lambda: search.sort("id"), lambda: search.limit(1)):
        with pytest.raises(RuntimeError, match=r"^SearchBuilder already consumed by run\(\)$"):
            call()


def test_a_refused_step_leaves_the_builder_as_it_was(embedded, query):
    search = embedded.search("papers", query=query, k=3)
    with pytest.raises(RuntimeError, match="Filter parse: "):
        search.filter("year >>> 3")
    with pytest.raises(RuntimeError, match="author"):
        search.filter("author = 'x'")
    with pytest.raises(RuntimeError, match="author"):
        search.sort("author")
    with pytest.raises(RuntimeError, match="Select column 'author'"):
        search.select(["author"])
    with pytest.raises(ValueError, match="n must be at least 0"):
        search.limit(-1)
    assert search.run().column_names == COLUMNS


def test_a_source_without_embeddings_cannot_be_searched(db):
    with pytest.raises(RuntimeError, match="^Catalog error: No ready embedding table for source 'papers'$"):
        db.search("papers", query=[0.0] * 32, k=1)


def test_a_builder_shows_its_steps(embedded, query):
    search = embedded.search("papers", query=query, k=3)
    search.filter("year < 2020")
    search.sort("year", descending=True)
    search.limit(2)
    search.select(["title"])
    shown = "search('papers', k=3).filter('year < 2020').sort('year', descending=True).limit(2).select(['title'])"
    assert repr(search) == f"<SearchBuilder {shown}>"
    assert "<li><code>filter(&#x27;year &lt; 2020&#x27;)</code></li>" in search._repr_html_()
    search.run()
    assert repr(search) == f"<SearchBuilder {shown}.run()>"


def test_numpy_tensors_and_other_sequences_are_queries(embedded, query):
    expected = embedded.search("papers", query=query, k=4).run()
    vectors = [
        tuple(query),
        array.array("d", query),
        numpy.array(query),
        numpy.array(query, dtype=numpy.float32),
        numpy.repeat(query, 2)[::2],
        torch.tensor(query),
        pyarrow.array(query),
        (value for value in query),
    ]
    for vector in vectors:
        assert embedded.search("papers", query=vector, k=4).run().equals(expected), type(vector)
