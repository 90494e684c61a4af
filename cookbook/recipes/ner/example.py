#!/usr/bin/env python3
"""Find the people, places and organisations that texts name, and count them in SQL."""

import json
import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_ner"

NEWS = [
    "Ada Lovelace met Alan Turing at Google in London.",
    "The library of the old city is open.",
    "🚀 Grace Hopper: from New York to 北京 with Acme!",
    None,
    "London — with Zoe — is the city of Bolt Industries.",
]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        file = pathlib.Path(directory) / "news.parquet"
        pyarrow.parquet.write_table(pyarrow.table({"id": range(len(NEWS)), "text": NEWS}), file)
        db.add_source("news", path=file, format="parquet")

        rows = db.infer(source="news", model=MODEL, columns=["text"], task="ner", key="id")
        for text, row in zip(NEWS, rows.to_pylist()):
            if row["_status"] == "error":
                print(f"{row['_row_id']}  ({row['_error']})")
                continue
            for entity in json.loads(row["entities"]):
                print(f"{row['_row_id']}  {entity['label']}  {entity['text']}  ({entity['confidence']:.2f})")
                assert text[entity["start"] : entity["end"]] == entity["text"]

        places = db.sql(
            f"""SELECT entity ->> '$.text' AS place, count(*) AS times
                FROM (SELECT unnest(CAST(entities AS JSON[])) AS entity
                      FROM annotate('local:{MODEL}', 'ner', 'news.public.news', 'id', 'text'))
                WHERE entity ->> '$.label' = 'LOC'
                GROUP BY place ORDER BY times DESC, place"""
        )
        print(places.to_pylist())

    assert rows["entities"][1].as_py() == "[]" and rows["entities"][3].as_py() is None
    assert [entity["text"] for entity in json.loads(rows["entities"][2].as_py())] == ["Grace Hopper", "New York", "北京", "Acme"]
    assert places.to_pydict() == {"place": ["London", "New York", "北京"], "times": [2, 1, 1]}
    print("ner: OK")


if __name__ == "__main__":
    main()
