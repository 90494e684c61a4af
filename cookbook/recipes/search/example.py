#!/usr/bin/env python3
"""Compose a search: filter, sort, limit, select, then read the result with SQL."""

import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_bert"

TOPICS = ["solar panels", "rice and fish", "language models", "river bridges", "network traffic"]


def make_papers(directory: pathlib.Path) -> pathlib.Path:
    """Writes 50 papers, ten for each topic, from the years 2015 to 2024."""
    rows = [
        {"doi": f"10.1/{number}", "title": f"Report {number} on {topic}", "year": 2015 + number % 10}
        for number, topic in enumerate(topic for topic in TOPICS for _ in range(10))
    ]
    file = directory / "papers.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        db.add_source("papers", path=make_papers(pathlib.Path(directory)), format="parquet")
        db.generate_text_embeddings(source="papers", model=MODEL, columns=["title"], key="doi")
        query = db.encode_text_query(MODEL, "Report on solar panels")

        # Steps apply in the order they are called; nothing is read before run().
        search = db.search("papers", query=query, k=30)
        search.filter("year >= 2020")
        search.sort("similarity", descending=True)
        search.limit(5)
        search.select(["title", "year", "similarity"])
        print(search)
        newest = search.run()
        for row in newest.to_pylist():
            print(f"{row['similarity']:.4f}  {row['year']}  {row['title']}  found by {row['retrieved_by']}")

        # A result is an Arrow table; SQL reads it beside the registered sources, without a copy.
        years = db.sql(
            "SELECT p.year, count(*) AS papers FROM hits h JOIN papers.public.papers p ON p.title = h.title "
            "GROUP BY p.year ORDER BY p.year",
            relations={"hits": newest},
        )

    assert newest.num_rows == 5 and min(newest["year"].to_pylist()) >= 2020
    assert sum(years["papers"].to_pylist()) == 5
    print("search: OK")


if __name__ == "__main__":
    main()
