#!/usr/bin/env python3
"""Watch a model work: count its rows, find batches that go wrong, and measure how long it takes."""

import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_bert"


class QualityCheck:
    """Counts rows and remembers the batches of which more than a tenth failed."""

    def __init__(self) -> None:
        self.num_rows = 0
        self.bad_batches: list[pyarrow.RecordBatch] = []

    def __call__(self, batch: pyarrow.RecordBatch, info: jammi_ai.BatchInfo) -> None:
        self.num_rows += batch.num_rows
        if batch["_status"].to_pylist().count("error") > batch.num_rows / 10:
            self.bad_batches.append(batch)


class Stopwatch:
    """Keeps the slowest batch of each model."""

    def __init__(self) -> None:
        self.slowest_ms: dict[str, float] = {}

    def __call__(self, batch: pyarrow.RecordBatch, info: jammi_ai.BatchInfo) -> None:
        self.slowest_ms[info.model_id] = max(self.slowest_ms.get(info.model_id, 0), info.latency_ms)


def make_notes(directory: pathlib.Path) -> pathlib.Path:
    """Writes 200 notes; those from 96 to 127 have lost their text."""
    texts = [None if 96 <= number < 128 else f"note {number} about the weather" for number in range(200)]
    file = directory / "notes.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": range(200), "text": texts}), file)
    return file


def main() -> None:
    quality, stopwatch = QualityCheck(), Stopwatch()
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        db.add_source("notes", path=make_notes(pathlib.Path(directory)), format="parquet")
        db.add_observer(quality)
        db.add_observer(stopwatch)
        rows = db.infer(source="notes", model=MODEL, columns=["text"], task="text_embedding", key="id")

        db.remove_observer(quality)  # sees nothing of what follows
        db.generate_text_embeddings(source="notes", model=MODEL, columns=["text"], key="id")

    print(f"{quality.num_rows} rows, {len(quality.bad_batches)} bad batches:")
    for batch in quality.bad_batches:
        print(f"  rows {batch['_row_id'][0]} to {batch['_row_id'][-1]}: {batch['_error'][0]}")
    for model_id, latency_ms in stopwatch.slowest_ms.items():
        print(f"slowest batch of {pathlib.Path(model_id).name}: {latency_ms:.0f} ms")

    assert quality.num_rows == rows.num_rows == 200
    assert [batch["_row_id"][0].as_py() for batch in quality.bad_batches] == ["96"]
    print("observers: OK")


if __name__ == "__main__":
    main()
