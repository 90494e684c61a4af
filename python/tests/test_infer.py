"""`infer`: what a model says about every row, kept nowhere."""

import json
import math
import os
import signal

import pyarrow
import pyarrow.parquet
import pytest

import jammi_ai

from conftest import NUM_PAPERS

PREFIX = ["_row_id", "_source", "_model", "_status", "_error", "_latency_ms"]


def test_rows_come_in_the_order_of_the_source_with_the_columns_of_the_task(db, model):
    rows = db.infer(source="papers", model=model, columns=["title"], task="text_embedding", key="id")
    assert isinstance(rows, pyarrow.Table) and rows.column_names == [*PREFIX, "vector"]
    assert rows.schema.field("vector").type == pyarrow.list_(pyarrow.float32(), 32)
    assert rows["_row_id"].to_pylist() == [str(number) for number in range(NUM_PAPERS)]
    assert set(rows["_source"].to_pylist()) == {"papers"} and set(rows["_model"].to_pylist()) == {str(model)}
    assert rows["_status"].to_pylist() == ["ok"] * 18 + ["error"] * 2
    assert rows["_error"].to_pylist() == [None] * 18 + ["Empty or null text input"] * 2
    assert all(math.isclose(math.hypot(*vector), 1, abs_tol=1e-5) for vector in rows["vector"].to_pylist()[:18])
    assert rows["vector"].to_pylist()[18:] == [None, None]
    assert db.describe_source("papers")["result_tables"] == []


def test_a_vector_is_that_of_the_same_text_as_a_query(db, model):
    rows = db.infer(source="papers", model=model, columns=["title", "year"], task="embedding", key="id")
    expected = db.encode_text_query(model, "Report 3 about the old city 2013")
    assert rows["vector"][3].as_py() == pytest.approx(expected, abs=1e-5)


def test_the_batch_size_of_the_configuration_cuts_the_rows(tmp_path, papers, model):
    with jammi_ai.connect(artifact_dir=tmp_path / "small", inference_batch_size=8) as db:
        db.add_source("papers", path=papers, format="parquet")
        rows = db.infer(source="papers", model=model, columns=["title"], task="text_embedding", key="id")
    assert [batch.num_rows for batch in rows.to_batches()] == [8, 8, 4]
    assert all(len(set(batch["_latency_ms"].to_pylist())) == 1 for batch in rows.to_batches())


def test_a_task_is_a_member_or_its_word(db, model):
    for task in (jammi_ai.ModelTask.TextEmbedding, "text_embedding"):
        assert db.infer(source="papers", model=model, columns=["title"], task=task, key="id").num_rows == NUM_PAPERS
    for task in ("poetry", 1, None):
        with pytest.raises(
            TypeError,
            match=r"^task must be a ModelTask enum value or its snake_case string "
            r"\(text_embedding, image_embedding, classification, ner\)$",
        ):
            db.infer(source="papers", model=model, columns=["title"], task=task, key="id")


def test_what_cannot_be_done_is_named(db, model):
    def infer(**changes):
        arguments = {"source": "papers", "model": model, "columns": ["title"], "task": "text_embedding", "key": "id"}
        return db.infer(**(arguments | changes))

    for task, name in (("classification", "classification"), ("ner", "NER")):
        with pytest.raises(RuntimeError, match=f"^Model error: .*No id2label mapping for {name} model$"):
            infer(task=task)
    with pytest.raises(RuntimeError, match="^Source error: absent: Source not found"):
        infer(source="absent")
    with pytest.raises(RuntimeError, match="^Source error: papers: Column not found: body$"):
        infer(columns=["body"])
    with pytest.raises(RuntimeError, match="^Source error: papers: Column not found: isbn$"):
        infer(key="isbn")
    with pytest.raises(RuntimeError, match="^Inference error: No content columns provided$"):
        infer(columns=[])


NEWS = [
    "Ada Lovelace is cooking rice with fish",
    None,
    "queries over tables on disk in 北京, 🙂 London",
    "",
    "insulin for patients with diabetes",
]


@pytest.fixture
def news(db, tmp_path):
    """Adds the source `news` of NEWS."""
    pyarrow.parquet.write_table(pyarrow.table({"id": range(len(NEWS)), "text": NEWS}), tmp_path / "news.parquet")
    db.add_source("news", path=tmp_path / "news.parquet", format="parquet")
    return db


def test_classification_gives_label_confidence_and_all_scores(news, classifier):
    for task in ("classification", jammi_ai.ModelTask.Classification):
        rows = news.infer(source="news", model=classifier, columns=["text"], task=task, key="id")
        assert rows.column_names == [*PREFIX, "label", "confidence", "all_scores_json"]
        assert rows.schema.field("confidence").type == pyarrow.float32()
        assert rows["label"].to_pylist() == ["food", None, "software", None, "medicine"]
        assert rows["_status"].to_pylist() == ["ok", "error", "ok", "error", "ok"]
        for label, confidence, text in zip(*(rows[name].to_pylist() for name in rows.column_names[-3:])):
            if label is None:
                assert confidence is None and text is None
                continue
            scores = json.loads(text)
            assert list(scores) == ["energy", "food", "medicine", "software"]
            assert max(scores, key=scores.get) == label and scores[label] == pytest.approx(confidence)
            assert math.isclose(sum(scores.values()), 1, abs_tol=1e-6)


def test_ner_gives_entities_with_positions_in_python_strings(news, ner):
    rows = news.infer(source="news", model=ner, columns=["text"], task="ner", key="id")
    assert rows.column_names == [*PREFIX, "entities"]
    entities = [text and json.loads(text) for text in rows["entities"].to_pylist()]
    names = [found and [(entity["label"], entity["text"]) for entity in found] for found in entities]
    assert names == [[("PER", "Ada Lovelace")], None, [("LOC", "北京"), ("LOC", "London")], None, []]
    for text, found in zip(NEWS, entities):
        for entity in found or []:
            assert text[entity["start"] : entity["end"]] == entity["text"]
            assert 0 < entity["confidence"] <= 1


def test_a_search_is_annotated_with_labels(news, model, classifier):
    news.generate_text_embeddings(source="news", model=model, columns=["text"], key="id")
    search = news.search("news", query=news.encode_text_query(model, NEWS[0]), k=3)
    search.annotate(model=classifier, task="classification", columns=["text"])
    search.filter("label <> 'medicine'")
    result = search.run()
    assert dict(zip(result["id"].to_pylist(), result["label"].to_pylist())) == {0: "food", 2: "software"}
    assert result["inference_confidence"].to_pylist() == result["confidence"].to_pylist()
    assert set(result["inference_task"].to_pylist()) == {"classification"}


def test_progress_and_ctrl_c(many_rows, model):
    seen = []

    def interrupt_at_once(progress):
        seen.append(progress)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        many_rows.infer(
            source="many", model=model, columns=["text"], task="text_embedding", key="id", progress=interrupt_at_once
        )
    assert seen[-1].rows_done < seen[-1].rows_total == 20_000
    ends = []
    many_rows.infer(source="papers", model=model, columns=["title"], task="text_embedding", key="id", progress=ends.append)
    assert (ends[-1].rows_done, ends[-1].rows_total, ends[-1].rows_failed) == (NUM_PAPERS, NUM_PAPERS, 2)
