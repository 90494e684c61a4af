"""Run by test_producers.py where polars and duckdb are: their tables go into SQL, and results become theirs."""

import sys

import duckdb
import polars

import jammi_ai

ROWS = {"id": [1, 2, 3], "name": ["one", None, "three"], "vector": [[0.5, 1.0], None, [2.0, 3.0]]}


def main(artifact_dir):
    frame = polars.DataFrame(ROWS)
    with jammi_ai.connect(artifact_dir=artifact_dir) as db:
        for producer in (frame, frame.lazy().collect(), duckdb.from_arrow(frame.to_arrow()), duckdb.sql("FROM frame")):
            result = db.sql("SELECT * FROM rows WHERE id > 1 ORDER BY id", relations={"rows": producer})
            assert result.to_pydict() == {name: column[1:] for name, column in ROWS.items()}, type(producer)
        assert polars.DataFrame(result).equals(frame[1:])
        assert duckdb.sql("SELECT sum(id) FROM result").fetchall() == [(5,)]


main(sys.argv[1])
