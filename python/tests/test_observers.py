"""Observers: Python callables that see every batch of model output."""

import gc
import os
import signal
import sys
import threading
import weakref

import pyarrow
import pytest

import jammi_ai

from conftest import NUM_PAPERS


@pytest.fixture
def infer(db, model):
    return lambda: db.infer(source="papers", model=model, columns=["title"], task="text_embedding", key="id")


def test_an_observer_sees_every_batch_with_its_model_task_and_latency(db, infer, model):
    seen = []
    db.add_observer(lambda batch, info: seen.append((batch, info)))
    rows = infer()
    assert all(isinstance(batch, pyarrow.RecordBatch) for batch, _ in seen)
    assert pyarrow.Table.from_batches([batch for batch, _ in seen]).equals(rows)
    for batch, info in seen:
        assert isinstance(info, jammi_ai.BatchInfo)
        assert info.model_id == str(model) and info.task is jammi_ai.ModelTask.TextEmbedding
        assert info.latency_ms == batch["_latency_ms"][0].as_py() > 0
        assert repr(info).startswith(f"BatchInfo(model_id='{model}', task=text_embedding, latency_ms=")


def test_a_removed_observer_sees_nothing_and_another_goes_on(db, infer):
    first, second = [], []

    def observe(batch, info):
        first.append(batch)

    db.add_observer(observe)
    db.add_observer(lambda batch, info: second.append(batch))
    infer()
    db.remove_observer(observe)
    infer()
    assert len(second) == 2 * len(first) > 0
    with pytest.raises(ValueError, match="^not an observer of this database: <function .*observe"):
        db.remove_observer(observe)


def test_what_an_observer_raises_is_reported_once_per_batch_and_disturbs_nobody(db, infer, monkeypatch):
    reports, seen = [], []

    def fail(batch, info):
        raise ValueError("the metrics server is down")

    monkeypatch.setattr(sys, "unraisablehook", reports.append)
    db.add_observer(fail)
    db.add_observer(lambda batch, info: seen.append(batch))
    assert infer().num_rows == NUM_PAPERS
    assert [str(report.exc_value) for report in reports] == ["the metrics server is down"] * len(seen)
    assert all(report.object is fail for report in reports) and seen


def test_an_observer_may_use_the_database_it_observes(db, infer):
    counts = []
    db.add_observer(lambda batch, info: counts.append(db.sql("SELECT count(*) AS n FROM papers.public.papers")["n"][0].as_py()))
    infer()
    assert set(counts) == {NUM_PAPERS}


def test_observers_on_sixteen_threads_miss_no_row(db, model):
    rows, lock = [], threading.Lock()

    def observe(batch, info):
        with lock:
            rows.append(batch.num_rows)

    db.add_observer(observe)
    threads = [
        threading.Thread(
            target=lambda: db.infer(source="papers", model=model, columns=["title"], task="text_embedding", key="id")
        )
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(rows) == 16 * NUM_PAPERS


def test_ctrl_c_stops_an_inference_that_is_observed(many_rows, model):
    seen = []

    def observe(batch, info):
        seen.append(batch.num_rows)
        os.kill(os.getpid(), signal.SIGINT)

    many_rows.add_observer(observe)
    with pytest.raises(KeyboardInterrupt):
        many_rows.infer(source="many", model=model, columns=["text"], task="text_embedding", key="id")
    assert 0 < sum(seen) < 20_000


def test_a_database_and_an_observer_that_refers_to_it_are_collected_together(tmp_path):
    db = jammi_ai.connect(artifact_dir=tmp_path / "jammi")

    class Observer:
        def __init__(self, database):
            self.database = database

        def __call__(self, batch, info):
            raise AssertionError("nothing is inferred here")

    observer = Observer(db)
    db.add_observer(observer)
    forgotten = weakref.ref(observer)
    del observer, db
    gc.collect()
    assert forgotten() is None


def test_an_observer_must_be_callable_and_the_database_open(db):
    with pytest.raises(TypeError, match="^observer must be callable, not str$"):
        db.add_observer("print")
    db.close()
    with pytest.raises(RuntimeError, match="^Database is closed$"):
        db.add_observer(print)
    with pytest.raises(RuntimeError, match="^Database is closed$"):
        db.remove_observer(print)
