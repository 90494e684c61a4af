"""Models in SQL: embed, vector_search and annotate."""

import os
import signal

import pyarrow
import pytest

from conftest import NUM_PAPERS


def sql(db, model, statement):
    """Runs a statement in which MODEL stands for the model."""
    return db.sql(statement.replace("MODEL", f"'local:{model}'"))


def test_embed_is_a_fixed_size_list_that_equals_the_query_embedding(db, model):
    rows = sql(db, model, "SELECT embed(MODEL, title) AS vector FROM papers.public.papers ORDER BY id")
    assert rows.schema.field("vector").type == pyarrow.list_(pyarrow.float32(), 32)
    vectors = rows["vector"].to_pylist()
    assert vectors[3] == pytest.approx(db.encode_text_query(model, "Report 3 about the old city"), abs=1e-5)
    assert vectors[18:] == [None, None]


def test_vector_search_finds_what_the_builder_finds(embedded, model):
    text = "Report 1 about cooking rice with fish"
    found = sql(embedded, model, f"SELECT * FROM vector_search('papers', '{text}', 4)")
    expected = embedded.search("papers", query=embedded.encode_text_query(model, text), k=4).run()
    assert found.column_names == expected.column_names
    assert found["_row_id"].to_pylist() == expected["_row_id"].to_pylist()
    assert found["similarity"].to_pylist() == expected["similarity"].to_pylist()


def test_annotate_gives_what_infer_gives(db, model):
    rows = sql(db, model, "SELECT * FROM annotate(MODEL, 'text_embedding', 'papers.public.papers', 'id', 'title')")
    expected = db.infer(source="papers", model=model, columns=["title"], task="text_embedding", key="id")
    assert rows.drop_columns("_latency_ms").to_pylist() == expected.drop_columns("_latency_ms").to_pylist()


def test_one_statement_retrieves_joins_and_infers(embedded, model):
    rows = sql(
        embedded,
        model,
        "SELECT p.year, array_cosine_similarity(embed(MODEL, s.title), a.vector) AS same "
        "FROM vector_search('papers', 'the old city', 3) s JOIN papers.public.papers p ON p.id = s.id "
        "JOIN annotate(MODEL, 'text_embedding', 'papers.public.papers', 'id', 'title') a ON a._row_id = s._row_id",
    )
    assert rows["same"].to_pylist() == pytest.approx([1, 1, 1], abs=1e-5)


def test_relations_of_the_statement_can_be_embedded(db, model):
    news = pyarrow.table({"headline": ["rain tomorrow", None, "rain tomorrow"]})
    rows = db.sql(f"SELECT embed('local:{model}', headline) AS v FROM news", relations={"news": news})
    first, second, third = rows["v"].to_pylist()
    assert first == third and len(first) == 32 and second is None


def test_observers_see_the_batches_of_annotate(db, model):
    seen = []
    db.add_observer(lambda batch, info: seen.append(batch.num_rows))
    sql(db, model, "SELECT count(*) FROM annotate(MODEL, 'text_embedding', 'papers.public.papers', 'id', 'title')")
    assert sum(seen) == NUM_PAPERS


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT embed('local:/no/model', 'x')", "^DataFusion error: embed: Model error: /no/model: "),
        ("SELECT embed(title, title) FROM papers.public.papers", "embed: the first argument must be a constant text"),
        ("SELECT * FROM vector_search('papers', 'x', 3)", "vector_search: Catalog error: No ready embedding table for"),
        (
            "SELECT * FROM annotate(MODEL, 'text_embedding', 'papers.public.papers', 'id')",
            r"annotate: annotate\(model, task, relation, key_column, content_column, \.\.\.\) needs at least 5 arguments, "
            "got 4$",
        ),
        (
            "SELECT * FROM annotate(MODEL, 'text_embedding', '(SELECT 1)', 'id', 'title')",
            "annotate: the relation must be written '<source>.public.<table>', not: ",
        ),
    ],
)
def test_what_is_wrong_is_named(db, model, statement, message):
    with pytest.raises(RuntimeError, match=message):
        sql(db, model, statement)


def test_ctrl_c_stops_a_statement_that_infers(many_rows, model):
    seen = []

    def interrupt_at_once(batch, info):
        if not seen:
            os.kill(os.getpid(), signal.SIGINT)
        seen.append(batch.num_rows)

    many_rows.add_observer(interrupt_at_once)
    with pytest.raises(KeyboardInterrupt):
        sql(many_rows, model, "SELECT * FROM annotate(MODEL, 'text_embedding', 'many.public.many', 'id', 'text')")
    assert sum(seen) < 20_000
    assert many_rows.sql("SELECT 1 AS one")["one"].to_pylist() == [1]
