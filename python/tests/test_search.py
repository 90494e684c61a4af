import array

import numpy
import pyarrow
import pyarrow.parquet
import pytest
import torch

import jammi_ai

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
    for call in (
        search.run,
        search.explain,
        lambda: search.join("papers", on="id=id"),
        lambda: search.annotate(model="m", task="text_embedding", columns=["title"]),
        lambda: search.filter("true"),
        lambda: search.sort("id"),
        lambda: search.limit(1),
        lambda: search.select(["id"]),
    ):
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


def ids(result):
    return sorted(result["id"].to_pylist())


def test_a_filter_of_the_search_brings_k_rows_whenever_k_meet_it(embedded, query):
    for k in (1, 3, 8):
        result = embedded.search("papers", query=query, k=k, filter="year >= 2020 AND year < 2028").run()
        assert result.num_rows == k
        assert all(2020 <= year < 2028 for year in result["year"].to_pylist())
        assert result["similarity"].to_pylist() == sorted(result["similarity"].to_pylist(), reverse=True)
    assert ids(embedded.search("papers", query=query, k=99, filter="rating IS NULL").run()) == [0, 5, 10, 15]
    assert embedded.search("papers", query=query, k=5, filter="year > 3000").run().num_rows == 0


def test_a_filter_finds_what_sorting_all_matching_rows_by_similarity_finds(embedded, query):
    everything = embedded.search("papers", query=query, k=99).run().to_pylist()
    expected = [row["id"] for row in everything if row["rating"] is not None and row["rating"] > 0.5][:4]
    found = embedded.search("papers", query=query, k=4, filter="rating > 0.5").run()
    assert found["id"].to_pylist() == expected


@pytest.mark.parametrize("bad", ["year >", "author = 'x'", "true; SELECT 1", "true) OR (true", "similarity > 0", " "])
def test_a_filter_that_is_no_condition_is_refused_at_once(embedded, query, bad):
    with pytest.raises(ValueError if bad == " " else RuntimeError, match="ilter"):
        embedded.search("papers", query=query, k=1, filter=bad)


@pytest.fixture
def authors(embedded, tmp_path):
    """Adds the source `authors` with the columns id (text), name and year."""
    rows = {"id": ["0", "2", "2", "4"], "name": ["Ada", "Bo", "Ann", "Cy"], "year": [1, 2, 3, 4]}
    pyarrow.parquet.write_table(pyarrow.table(rows), tmp_path / "authors.parquet")
    embedded.add_source("authors", path=tmp_path / "authors.parquet", format="parquet")
    return embedded


def test_a_join_adds_the_columns_of_another_source(authors, query):
    search = authors.search("papers", query=query, k=NUM_PAPERS)
    assert search.join("authors", on=" id = id ") is None
    search.filter("id <= 4")
    search.sort("id")
    result = search.run()
    assert result["id"].to_pylist() == [0, 1, 2, 2, 3, 4]
    assert result["name"].to_pylist() == ["Ada", None, "Ann", "Bo", None, "Cy"]
    assert result.column_names == COLUMNS[:6] + ["authors_id", "name", "authors_year"] + COLUMNS[6:]


def test_an_inner_join_drops_rows_without_a_match(authors, query):
    search = authors.search("papers", query=query, k=NUM_PAPERS)
    search.join("authors", on="id=id", how="inner")
    assert ids(search.run()) == [0, 2, 2, 4]


def test_a_join_names_what_is_wrong(authors, query):
    search = authors.search("papers", query=query, k=1)
    for source, on, text in [
        ("authors", "id", "Join: 'on' must contain '=', got 'id'"),
        ("authors", "who=id", "Join column 'who'"),
        ("authors", "id=who", "Join column 'who': not a column of source 'authors'"),
        ("nobody", "id=id", "Source error: nobody"),
        ('authors"; --', "id=id", "Source error: authors"),
        ("authors", 'id=id" OR 1=1 --', "Join column"),
    ]:
        with pytest.raises(RuntimeError, match=text):
            search.join(source, on=on)
    with pytest.raises(ValueError, match="how must be 'left' or 'inner', not 'outer'"):
        search.join("authors", on="id=id", how="outer")
    assert search.run().num_rows == 1


def test_annotate_adds_vectors_and_says_where_they_are_from(embedded, model, query):
    search = embedded.search("papers", query=query, k=3)
    assert search.annotate(model=model, task="text_embedding", columns=["title"]) is None
    result = search.run()
    assert result.column_names == COLUMNS[:6] + ["vector"] + COLUMNS[6:] + [
        "inference_model",
        "inference_task",
        "inference_confidence",
    ]
    assert result["annotated_by"].to_pylist() == [["inference"]] * 3
    assert result["retrieved_by"].to_pylist() == [["vector"]] * 3
    assert result["inference_model"].to_pylist() == [str(model)] * 3
    assert result["inference_task"].to_pylist() == ["text_embedding"] * 3
    assert result["inference_confidence"].to_pylist() == [None] * 3
    for vector, title in zip(result["vector"].to_pylist(), result["title"].to_pylist()):
        assert vector == pytest.approx(embedded.encode_text_query(model, title), abs=1e-5)


def test_annotate_stands_between_other_steps(authors, model, query):
    search = authors.search("papers", query=query, k=NUM_PAPERS)
    search.join("authors", on="id=id")
    search.annotate(model=model, task=jammi_ai.ModelTask.TextEmbedding, columns=["name"])
    search.filter("vector IS NOT NULL")
    search.sort("name")
    search.limit(2)
    search.select(["name", "similarity"])
    result = search.run()
    assert result["name"].to_pylist() == ["Ada", "Ann"]
    assert result.column_names == ["name", "retrieved_by", "annotated_by", "similarity"]


def test_annotate_names_what_does_not_fit(embedded, model, query):
    search = embedded.search("papers", query=query, k=2)
    with pytest.raises(RuntimeError, match="Annotate column 'body'"):
        search.annotate(model=model, task="text_embedding", columns=["body"])
    with pytest.raises(RuntimeError, match="Model error: .*No id2label mapping for classification model"):
        search.annotate(model=model, task="classification", columns=["title"])
    with pytest.raises(RuntimeError, match="Model error: "):
        search.annotate(model="local:/no/such/model", task="text_embedding", columns=["title"])
    with pytest.raises(RuntimeError, match="No content columns provided"):
        search.annotate(model=model, task="text_embedding", columns=[])
    with pytest.raises(TypeError, match="task must be a ModelTask"):
        search.annotate(model=model, task="poetry", columns=["title"])
    search.annotate(model=model, task="text_embedding", columns=["title"])
    with pytest.raises(RuntimeError, match="Annotate adds a column 'vector', which the search has already"):
        search.annotate(model=model, task="text_embedding", columns=["title"])
    assert search.run().num_rows == 2


def test_explain_says_how_rows_are_found_and_lists_the_steps(authors, model, query):
    search = authors.search("papers", query=query, k=3, filter="year < 2020")
    search.join("authors", on="id=id")
    search.annotate(model=model, task="embedding", columns=["title"])
    search.limit(2)
    lines = search.explain().splitlines()
    assert lines[0].startswith("search: the 3 nearest of 18 rows of papers, table papers__")
    assert lines[1] == "  filter: year < 2020: 10 rows match (55.56%)"
    assert lines[2] == "  path: filtered exact scan: tables of fewer than 10000 rows have no index"
    assert lines[3] == "  columns: from the row store"
    assert lines[4] == "join: authors on id = id, left, compared as text"
    assert lines[5].startswith("annotate: text_embedding of title by /")
    assert lines[6:] == ["limit: 2"]
    assert search.run().num_rows == 2


def test_a_builder_shows_its_steps(embedded, query):
    search = embedded.search("papers", query=query, k=3, filter="id > 1")
    search.filter("year < 2020")
    search.sort("year", descending=True)
    search.limit(2)
    search.select(["title"])
    shown = (
        "search('papers', k=3, filter='id > 1').filter('year < 2020').sort('year', descending=True).limit(2)"
        ".select(['title'])"
    )
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


def test_a_repeated_search_is_answered_from_memory_and_the_hits_are_counted(embedded, query):
    for filter in (None, "year < 2020"):
        first = embedded.search("papers", query=query, k=4, filter=filter).run()
        assert embedded.search("papers", query=query, k=4, filter=filter).run().equals(first)
    statistics = embedded.cache_statistics()["ann_cache"]
    assert statistics == {"hits": 2, "misses": 2, "hit_rate": 0.5, "entries": 2, "size": 2, "capacity": 10_000}


def test_a_new_embedding_is_searched_at_once(embedded, model, query):
    embedded.search("papers", query=query, k=1).run()
    embedded.generate_text_embeddings(source="papers", model=model, columns=["year"], key="id")
    [found] = embedded.search("papers", query=embedded.encode_text_query(model, "2013"), k=1).run()["id"].to_pylist()
    assert found == 3
    assert embedded.cache_statistics()["ann_cache"]["hits"] == 0


def test_the_cache_of_searches_can_be_switched_off(embedded, query, tmp_path):
    embedded.close()
    (tmp_path / "off.toml").write_text("[cache]\nann_cache_enabled = false\n")
    with jammi_ai.connect(config=tmp_path / "off.toml", artifact_dir=tmp_path / "jammi") as database:
        found = [database.search("papers", query=query, k=4).run() for _ in range(2)]
        assert found[0].equals(found[1])
        statistics = database.cache_statistics()["ann_cache"]
        assert (statistics["hits"], statistics["entries"], statistics["capacity"]) == (0, 0, 0)
