"""Ctrl-C: a call stops, its outcome is dropped, and the database can be used on."""

import os
import signal

import pyarrow
import pytest


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_stops_an_embedding_before_its_end_and_leaves_the_table_failed(many_rows, model):
    seen = []

    def interrupt_at_once(progress):
        seen.append(progress)
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        many_rows.generate_text_embeddings(
            source="many", model=model, columns=["text"], key="id", progress=interrupt_at_once
        )
    assert seen[-1].rows_done < seen[-1].rows_total
    assert [table["status"] for table in many_rows.describe_source("many")["result_tables"]] == ["failed"]
    with pytest.raises(RuntimeError, match="No ready embedding table for source 'many'"):
        many_rows.search("many", query=[0.1] * 32, k=1)
    many_rows.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id")
    assert many_rows.search("papers", query=[0.1] * 32, k=3).run().num_rows == 3


def test_a_query_that_would_run_for_years_is_stopped(many_rows):
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            many_rows.sql(
                "SELECT count(*) FROM many.public.many a, many.public.many b, many.public.many c "
                "WHERE md5(a.text || b.text || c.text) = ''"
            )
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert many_rows.sql("SELECT 1 AS one")["one"].to_pylist() == [1]


def test_ctrl_c_stops_reading_an_endless_table(db):
    def endless():
        batch = pyarrow.record_batch({"a": [1]})
        for number in range(10**12):
            if number == 1000:
                interrupt()
            yield batch

    reader = pyarrow.RecordBatchReader.from_batches(pyarrow.schema({"a": pyarrow.int64()}), endless())
    with pytest.raises(KeyboardInterrupt):
        db.sql("SELECT * FROM endless", relations={"endless": reader})


def test_any_signal_handler_runs_during_a_call_and_may_stop_it(many_rows, model):
    class Alarm(Exception):
        pass

    def ring(number, frame):
        raise Alarm

    previous = signal.signal(signal.SIGUSR1, ring)
    try:
        with pytest.raises(Alarm):
            many_rows.generate_text_embeddings(
                source="many",
                model=model,
                columns=["text"],
                key="id",
                progress=lambda progress: os.kill(os.getpid(), signal.SIGUSR1),
            )
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_a_handler_that_returns_does_not_disturb_the_call(db, model):
    rung = []
    previous = signal.signal(signal.SIGUSR1, lambda number, frame: rung.append(number))
    try:
        db.generate_text_embeddings(
            source="papers",
            model=model,
            columns=["title"],
            key="id",
            progress=lambda progress: os.kill(os.getpid(), signal.SIGUSR1),
        )
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert rung
    assert [table["status"] for table in db.describe_source("papers")["result_tables"]] == ["ready"]
