#!/usr/bin/env python3
"""Declare a provenance channel for a second ranking stage, and merge its scores into the result of a search."""

import pathlib
import tempfile

import numpy
import pyarrow
import pyarrow.parquet

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_bert"

TITLES = [
    "Solar panels on old roofs",
    "A panel of judges",
    "Storing solar power in batteries",
    "Rice and fish",
    "The power of language models",
]


def make_papers(directory: pathlib.Path) -> pathlib.Path:
    file = directory / "papers.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": range(len(TITLES)), "title": TITLES}), file)
    return file


def shared_words(query: str, title: str) -> int:
    """The second stage: how many words of the query the title has."""
    return len(set(query.lower().split()) & set(title.lower().split()))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        db.add_source("papers", path=make_papers(pathlib.Path(directory)), format="parquet")
        db.generate_text_embeddings(source="papers", model=MODEL, columns=["title"], key="id")

        # A channel is declared once and then only grows.
        db.register_channel("scored_by", priority=3, columns=[("ranker", "Utf8"), ("rank_score", "Float32")])
        try:
            db.add_channel_columns("scored_by", columns=[("ranker", "Int32")])
        except RuntimeError as error:
            print(f"refused: {error}")
        for channel in db.list_channels():
            print(f"{channel['priority']}  {channel['channel_id']}: {channel['columns']}")

        query = "solar power"
        search = db.search("papers", query=db.encode_text_query(MODEL, query), k=4)
        search.select(["title", "similarity"])
        hits = search.run()

        # The arrays stand in the order of the declared columns, with a value for each row.
        scores = numpy.array([shared_words(query, title) for title in hits["title"].to_pylist()], dtype=numpy.float32)
        [merged] = jammi_ai.merge_channels(
            db,
            [hits],
            ["vector", "scored_by"],
            retrieved_by=["vector", "scored_by"],
            annotated_by=[],
            contributions=[{"scored_by": [pyarrow.array(["shared words"] * len(hits)), scores]}],
        )
        ranked = db.sql(
            "SELECT title, retrieved_by, similarity, ranker, rank_score FROM results "
            "ORDER BY rank_score DESC, similarity DESC",
            relations={"results": merged},
        )
        for row in ranked.to_pylist():
            print(f"{row['rank_score']:.0f} {row['ranker']}  {row['similarity']:.4f}  {row['title']}")

    best = ranked.to_pylist()[0]
    assert best["title"] == "Storing solar power in batteries" and best["rank_score"] == 2
    assert best["retrieved_by"] == ["vector", "scored_by"]
    assert merged["similarity"].equals(hits["similarity"])
    print("channels: OK")


if __name__ == "__main__":
    main()
