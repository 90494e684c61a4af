#!/usr/bin/env python3
"""Search drawings by a text and by another drawing, with both towers of one OpenCLIP model."""

import io
import pathlib
import tempfile

import pyarrow
import pyarrow.parquet
from PIL import Image, ImageDraw

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_clip"

COLOURS = {"red": (220, 30, 30), "green": (30, 170, 60), "blue": (40, 70, 220), "yellow": (240, 220, 40)}
SHAPES = ["circle", "square"]


def draw(colour: str, shape: str) -> bytes:
    """A PNG file with one shape on white."""
    image = Image.new("RGB", (64, 48), "white")
    pen = ImageDraw.Draw(image)
    outline = pen.ellipse if shape == "circle" else pen.rectangle
    outline([14, 6, 50, 42], fill=COLOURS[colour])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def make_figures(directory: pathlib.Path) -> pathlib.Path:
    """Writes a table with the images in it, and one that is broken."""
    rows = [
        {"figure_id": f"{colour} {shape}", "image": draw(colour, shape)} for colour in COLOURS for shape in SHAPES
    ]
    rows.append({"figure_id": "broken", "image": b"\x89PNG\r\n\x1a\n and then nothing"})
    file = directory / "figures.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        db.add_source("figures", path=make_figures(pathlib.Path(directory)), format="parquet")

        # The vision tower embeds the images. A row whose image cannot be read is left out.
        db.generate_image_embeddings(source="figures", model=MODEL, image_column="image", key="figure_id")

        # The text tower of the same model embeds the query: both towers share one space.
        query = db.encode_text_query(MODEL, "a red circle on a white background")
        by_text = db.search("figures", query=query, k=3).run()
        print("a red circle on a white background:")
        for row in by_text.to_pylist():
            print(f"  {row['similarity']:.4f}  {row['figure_id']}")

        # An image is a query, too.
        query = db.encode_image_query(MODEL, draw("blue", "square"))
        by_image = db.search("figures", query=query, k=3).run()
        print("like a blue square:")
        for row in by_image.to_pylist():
            print(f"  {row['similarity']:.4f}  {row['figure_id']}")

        # What became of each row, without keeping vectors.
        outcome = db.infer(
            source="figures", model=MODEL, columns=["image"], task="image_embedding", key="figure_id"
        ).to_pylist()
        for row in outcome:
            if row["_status"] == "error":
                print(f"{row['_row_id']}: {row['_error']}")

    assert by_text["figure_id"][0].as_py() == "red circle"
    assert by_image["figure_id"][0].as_py() == "blue square" and by_image["similarity"][0].as_py() > 0.999
    assert [row["_row_id"] for row in outcome if row["_status"] == "error"] == ["broken"]
    print("image_search: OK")


if __name__ == "__main__":
    main()
