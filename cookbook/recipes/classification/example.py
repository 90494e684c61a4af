#!/usr/bin/env python3
"""Sort messages by topic with a classification model: of a source, in SQL and in a search."""

import json
import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures"
CLASSIFIER = FIXTURES / "tiny_classifier"
EMBEDDER = FIXTURES / "tiny_bert"

MESSAGES = [
    "Batteries keep the power of solar panels until the evening",
    "How long do I keep vegetables in the pan over low heat?",
    None,
    "Message queues and databases lose files on this disk",
    "Insulin for patients with diabetes in a clinical trial",
    "Fish with rice, oil and salt",
]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        file = pathlib.Path(directory) / "messages.parquet"
        pyarrow.parquet.write_table(pyarrow.table({"id": range(len(MESSAGES)), "text": MESSAGES}), file)
        db.add_source("messages", path=file, format="parquet")

        rows = db.infer(source="messages", model=CLASSIFIER, columns=["text"], task="classification", key="id")
        for row in rows.to_pylist():
            if row["_status"] == "error":
                print(f"{row['_row_id']}  ({row['_error']})")
                continue
            scores = json.loads(row["all_scores_json"])
            second = sorted(scores, key=scores.get, reverse=True)[1]
            print(f"{row['_row_id']}  {row['label']} {row['confidence']:.2f}, then {second} {scores[second]:.2f}")

        counts = db.sql(
            f"""SELECT label, count(*) AS messages
                FROM annotate('local:{CLASSIFIER}', 'classification', 'messages.public.messages', 'id', 'text')
                WHERE _status = 'ok' GROUP BY label ORDER BY label"""
        )
        print(counts.to_pylist())

        db.generate_text_embeddings(source="messages", model=EMBEDDER, columns=["text"], key="id")
        search = db.search("messages", query=db.encode_text_query(EMBEDDER, "cooking"), k=5)
        search.annotate(model=CLASSIFIER, task="classification", columns=["text"])
        search.filter("label = 'food'")
        found = search.run()

    assert rows["label"].to_pylist() == ["energy", "food", None, "software", "medicine", "food"]
    assert counts.to_pydict() == {"label": ["energy", "food", "medicine", "software"], "messages": [1, 2, 1, 1]}
    assert sorted(found["id"].to_pylist()) == [1, 5]
    print("classification: OK")


if __name__ == "__main__":
    main()
