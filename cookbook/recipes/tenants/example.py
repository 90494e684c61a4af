#!/usr/bin/env python3
"""Share one source between two tenants, who see, embed and search only their own rows."""

import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_bert"

ALICE = "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a"
BOB = "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9b"


def make_notes(directory: pathlib.Path) -> pathlib.Path:
    """Ten notes: six of Alice, four of Bob."""
    file = directory / "notes.parquet"
    notes = {
        "id": range(10),
        "customer_id": [ALICE] * 6 + [BOB] * 4,
        "body": [f"Note {number} on solar power" for number in range(10)],
    }
    pyarrow.parquet.write_table(pyarrow.table(notes), file)
    return file


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        db.add_source("notes", path=make_notes(pathlib.Path(directory)), format="parquet")
        db.set_source_tenant_column("notes", "customer_id")

        found = {}
        for name, tenant in {"Alice": ALICE, "Bob": BOB}.items():
            db.with_tenant(tenant)
            [count] = db.sql("SELECT count(*) AS n FROM notes.public.notes")["n"].to_pylist()
            db.generate_text_embeddings(source="notes", model=MODEL, columns=["body"], key="id")
            hits = db.search("notes", query=db.encode_text_query(MODEL, "solar power"), k=100).run()
            found[name] = {int(row_id) for row_id in hits["_row_id"].to_pylist()}
            print(f"{name}: {count} rows, {len(hits)} found: {sorted(found[name])}")

        db.with_tenant("")
        [shared] = db.sql("SELECT count(*) AS n FROM notes.public.notes")["n"].to_pylist()
        print(f"without a tenant: {shared} rows, {db.sql('SELECT * FROM result_tables').num_rows} embedding tables")

    assert found == {"Alice": {0, 1, 2, 3, 4, 5}, "Bob": {6, 7, 8, 9}}
    assert shared == 0
    print("tenants: OK")


if __name__ == "__main__":
    main()
