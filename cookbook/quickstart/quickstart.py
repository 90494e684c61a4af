#!/usr/bin/env python3
"""Register a table, embed its text, search it by meaning. Runs offline in seconds."""

import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

# A tiny model of random weights, so that the example needs no network. For meaningful results take one from the
# Hugging Face Hub: MODEL = "sentence-transformers/all-MiniLM-L6-v2"
MODEL = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "tiny_bert"

PATENTS = {
    "id": [1, 2, 3, 4, 5, 6],
    "title": ["Solar cell", "Battery pack", "Search engine", "Rice cooker", "Traffic monitor", "Insulin pump"],
    "year": [2016, 2019, 2021, 2022, 2023, 2024],
    "abstract": [
        "Solar panels convert light into electric power.",
        "Batteries keep electric power until the evening, when people need energy.",
        "A method and apparatus for searching documents by meaning, using vectors computed by a language model.",
        "Cooking rice with vegetables takes about twenty minutes in a covered pan over low heat.",
        "A simple tool to monitor network traffic, measure bandwidth and write reports.",
        "Patients with diabetes were treated with insulin in a clinical trial at three hospitals.",
    ],
}


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "patents.parquet"
        pyarrow.parquet.write_table(pyarrow.table(PATENTS), file)

        with jammi_ai.connect(artifact_dir=pathlib.Path(directory) / "jammi") as db:
            db.add_source("patents", path=file, format="parquet")
            db.generate_text_embeddings(source="patents", model=MODEL, columns=["abstract"], key="id")

            query = db.encode_text_query(MODEL, "Solar panels convert light into power.")
            results = db.search("patents", query=query, k=3).run()

    print(f"{'similarity':>10}  {'year'}  title")
    for row in results.select(["similarity", "year", "title"]).to_pylist():
        print(f"{row['similarity']:>10.4f}  {row['year']}  {row['title']}")
    assert results["title"][0].as_py() == "Solar cell", "the nearest text is the one with the same words"
    print("quickstart: OK")


if __name__ == "__main__":
    main()
