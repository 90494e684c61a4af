"""`infer`: what a model says about every row, kept nowhere."""

import math
import os
import signal

import pyarrow
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

    for task in ("image_embedding", "classification", "ner"):
        with pytest.raises(RuntimeError, match=f"^Model error: .*no model can do this task yet.*{task}$"):
            infer(task=task)
    with pytest.raises(RuntimeError, match="^Source error: absent: Source not found"):
        infer(source="absent")
    with pytest.raises(RuntimeError, match="^Source error: papers: Column not found: body$"):
        infer(columns=["body"])
    with pytest.raises(RuntimeError, match="^Source error: papers: Column not found: isbn$"):
        infer(key="isbn")
    with pytest.raises(RuntimeError, match="^Inference error: No content columns provided$"):
        infer(columns=[])


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
