#!/usr/bin/env python3
"""Enrich a search: filter before it, join another source, annotate with a model, and see how it goes."""

import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_bert"

TOPICS = ["solar panels", "rice and fish", "language models", "river bridges", "network traffic"]
FIRMS = [("7", "Acme", "US"), ("8", "Bolt", "DE"), ("9", "Coax", "US")]


def make_sources(directory: pathlib.Path) -> None:
    """Writes 60 patents of three firms, and the firms, whose ids are text."""
    patents = [
        {
            "id": number,
            "title": f"Patent {number} on {TOPICS[number % 5]}",
            "year": 2010 + number % 12,
            "firm": 7 + number % 3,
        }
        for number in range(60)
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(patents), directory / "patents.parquet")
    firms = [{"id": id, "firm_name": name, "country": country} for id, name, country in FIRMS]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(firms), directory / "firms.parquet")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        make_sources(pathlib.Path(directory))
        db.add_source("patents", path=f"{directory}/patents.parquet", format="parquet")
        db.add_source("firms", path=f"{directory}/firms.parquet", format="parquet")
        db.generate_text_embeddings(source="patents", model=MODEL, columns=["title"], key="id")
        query = db.encode_text_query(MODEL, "Patent on solar panels")

        # The search's own filter decides which rows may be found: ten come back, because more than ten match.
        search = db.search("patents", query=query, k=10, filter="year >= 2018")
        # Steps work on those rows, in the order they are called.
        search.join("firms", on="firm=id")
        search.annotate(model=MODEL, task="text_embedding", columns=["title", "firm_name"])
        search.filter("country = 'US'")
        search.sort("similarity", descending=True)
        search.limit(5)
        search.select(["title", "year", "firm_name", "vector", "similarity", "inference_task"])
        print(search.explain())

        result = search.run()
        for row in result.to_pylist():
            print(f"{row['similarity']:.4f}  {row['year']}  {row['title']}, {row['firm_name']}")

    assert 1 <= result.num_rows <= 5
    assert set(result["firm_name"].to_pylist()) <= {"Acme", "Coax"} and min(result["year"].to_pylist()) >= 2018
    assert all(len(vector) == 32 for vector in result["vector"].to_pylist())
    assert result["retrieved_by"].to_pylist()[0] == ["vector"] and result["annotated_by"].to_pylist()[0] == ["inference"]
    print("enrichment: OK")


if __name__ == "__main__":
    main()
