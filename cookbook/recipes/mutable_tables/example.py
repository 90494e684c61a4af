#!/usr/bin/env python3
"""Keep prices in a mutable table: insert, close and open in one transaction, join with a file."""

import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

PRICES = pyarrow.schema(
    [
        pyarrow.field("product_id", pyarrow.int64(), nullable=False),
        pyarrow.field("price", pyarrow.float64(), nullable=False),
        pyarrow.field("valid_from", pyarrow.int64(), nullable=False),  # milliseconds since 1970
        pyarrow.field("valid_to", pyarrow.int64()),  # null: the price of today
    ]
)


def make_products(directory: pathlib.Path) -> pathlib.Path:
    file = directory / "products.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": [1, 2, 3], "name": ["lamp", "desk", "chair"]}), file)
    return file


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        db.add_source("products", path=make_products(pathlib.Path(directory)), format="parquet")
        db.create_mutable_table(
            "prices",
            schema=PRICES,
            primary_key=["product_id", "valid_from"],
            indexes=[{"name": "idx_prices_open", "columns": ["product_id", "valid_to"]}],
        )
        inserted = db.sql(
            "INSERT INTO mutable.public.prices (product_id, price, valid_from) "
            "SELECT id, 10.0 * id, '2026-04-01T00:00:00Z' FROM products.public.products"
        )
        print(f"inserted: {inserted['count'][0]}")

        # A new price closes the old one. Both statements land together or not at all.
        changed = db.sql(
            "UPDATE mutable.public.prices SET valid_to = '2026-05-15T12:00:00Z' "
            "WHERE product_id = 2 AND valid_to IS NULL; "
            "INSERT INTO mutable.public.prices VALUES (2, 24.5, '2026-05-15T12:00:00Z', NULL)"
        )
        print(f"closed and opened: {changed['count'].to_pylist()}")

        # The same with Python between the statements; an exception would undo all of it.
        with db.transaction() as changes:
            total = changes.sql("SELECT sum(price) AS total FROM mutable.public.prices WHERE valid_to IS NULL")
            if total["total"][0].as_py() > 60:
                changes.sql("DELETE FROM mutable.public.prices WHERE product_id = 3")

        today = db.sql(
            "SELECT name, price FROM products.public.products p "
            "JOIN mutable.public.prices m ON m.product_id = p.id WHERE m.valid_to IS NULL ORDER BY name"
        )
        for row in today.to_pylist():
            print(f"{row['name']:6}{row['price']:7.2f}")

    assert changed["count"].to_pylist() == [1, 1]
    assert today.to_pydict() == {"name": ["desk", "lamp"], "price": [24.5, 10.0]}
    print("mutable_tables: OK")


if __name__ == "__main__":
    main()
