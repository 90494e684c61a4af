"""Embedding images, and searching them by texts and images."""

import io
import math

import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image, ImageDraw

from conftest import ROOT

COLOURS = {"red": (220, 30, 30), "green": (30, 170, 60), "blue": (40, 70, 220), "yellow": (240, 220, 40)}
KINDS = [(colour, shape) for colour in COLOURS for shape in ("circle", "square")]


def draw(colour, shape, kind="PNG", left=13, size=36):
    image = Image.new("RGB", (64, 64), "white")
    pen = ImageDraw.Draw(image)
    (pen.ellipse if shape == "circle" else pen.rectangle)([left, 14, left + size, 14 + size], fill=COLOURS[colour])
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.fixture
def figures(db, tmp_path):
    """Adds the source `figures`: eight drawings, one cut short, one null; and their files as `files`."""
    contents = [draw(*kind) for kind in KINDS] + [draw("red", "circle", "JPEG")[:300], None]
    names = [" ".join(kind) for kind in KINDS] + ["cut", "none"]
    table = pyarrow.table({"name": names, "image": pyarrow.array(contents, pyarrow.binary())})
    pyarrow.parquet.write_table(table, tmp_path / "figures.parquet")
    db.add_source("figures", path=tmp_path / "figures.parquet", format="parquet")
    paths = []
    for name, content in zip(names[:-1], contents[:-1]):
        (tmp_path / f"{name}.png").write_bytes(content)
        paths.append(str(tmp_path / f"{name}.png"))
    files = pyarrow.table({"name": names, "file": [*paths, "/no/such.png"]})
    pyarrow.parquet.write_table(files, tmp_path / "files.parquet")
    db.add_source("files", path=tmp_path / "files.parquet", format="parquet")
    return db


def nearest(db, source, query, k=1):
    return db.search(source, query=query, k=k).run()["name"].to_pylist()


def test_a_table_of_images_has_their_unit_vectors_and_leaves_out_what_cannot_be_read(figures, clip):
    result = figures.generate_image_embeddings(source="figures", model=clip, image_column="image", key="name")
    assert result is None
    [table] = figures.describe_source("figures")["result_tables"]
    assert (table["row_count"], table["dimensions"], table["status"]) == (len(KINDS), 8, "ready")
    rows = figures.sql(f'SELECT _row_id, vector FROM "jammi.{table["table_name"]}"').to_pylist()
    assert {row["_row_id"] for row in rows} == {" ".join(kind) for kind in KINDS}
    assert all(math.isclose(math.hypot(*row["vector"]), 1, abs_tol=1e-5) for row in rows)


@pytest.mark.parametrize(("source", "column"), [("figures", "image"), ("files", "file")])
def test_images_are_found_by_images(figures, clip, source, column):
    figures.generate_image_embeddings(source=source, model=clip, image_column=column, key="name")
    for kind in KINDS:
        query = figures.encode_image_query(clip, draw(*kind))
        assert isinstance(query, list) and len(query) == 8
        assert nearest(figures, source, query) == [" ".join(kind)]
    shifted = figures.encode_image_query(clip, memoryview(draw("blue", "square", "WEBP", left=9, size=38)))
    assert "blue" in nearest(figures, source, shifted)[0]


def test_images_are_found_by_texts(figures, clip):
    figures.generate_image_embeddings(source="figures", model=clip, image_column="image", key="name")
    for colour in COLOURS:
        query = figures.encode_text_query(clip, f"a {colour} circle on a white background")
        assert {name.split()[0] for name in nearest(figures, "figures", query, k=2)} == {colour}
    found = figures.sql(
        "SELECT name FROM vector_search('figures', 'a red square', 2) ORDER BY similarity DESC"
    )["name"].to_pylist()
    assert found[0] == "red square"


def test_infer_gives_vectors_and_says_why_a_row_has_none(figures, clip):
    for source, column, last in (("figures", "image", "Null or missing"), ("files", "file", "Failed to load image")):
        rows = figures.infer(
            source=source, model=clip, columns=[column], task="image_embedding", key="name"
        ).to_pylist()
        assert [row["_status"] for row in rows] == ["ok"] * len(KINDS) + ["error", "error"]
        assert rows[-2]["_error"] == f"Failed to decode image at row {len(KINDS)}: image is corrupt or cut short: JPEG"
        assert rows[-1]["_error"].startswith(last) and rows[-1]["vector"] is None
        assert rows[0]["vector"] == pytest.approx(figures.encode_image_query(clip, draw(*KINDS[0])), abs=1e-5)


@pytest.mark.parametrize(("source", "column"), [("figures", "image"), ("files", "file")])
def test_sql_annotates_rows_with_the_vectors_of_their_images(figures, clip, source, column):
    annotated = f"annotate('local:{clip}', 'image_embedding', '{source}.public.{source}', 'name', '{column}')"
    rows = figures.sql(f"SELECT * FROM {annotated}").to_pylist()
    assert [row["_row_id"] for row in rows] == [" ".join(kind) for kind in KINDS] + ["cut", "none"]
    assert [row["_status"] for row in rows] == ["ok"] * len(KINDS) + ["error", "error"]
    for kind, row in zip(KINDS, rows):
        assert row["vector"] == pytest.approx(figures.encode_image_query(clip, draw(*kind)), abs=1e-5)
    nearest = figures.sql(
        f"SELECT _row_id FROM {annotated} WHERE _status = 'ok' "
        f"ORDER BY list_cosine_similarity(vector, embed('local:{clip}', 'a red square')) DESC LIMIT 1"
    )
    assert nearest["_row_id"].to_pylist() == ["red square"]


def test_generate_embeddings_knows_the_modality(figures, clip):
    name = figures.generate_embeddings(source="figures", model=clip, columns=["image"], key="name", modality="image")
    assert "__image_embedding__" in name
    with pytest.raises(ValueError, match="columns must name one column of images, not 2"):
        figures.generate_embeddings(
            source="figures", model=clip, columns=["image", "name"], key="name", modality="image"
        )


def test_wrong_images_models_and_columns_are_named(figures, clip, model):
    with pytest.raises(RuntimeError, match="^Inference error: image is empty: 0 bytes$"):
        figures.encode_image_query(clip, b"")
    with pytest.raises(RuntimeError, match="^Inference error: not a PNG, JPEG, TIFF or WebP image: 4 bytes$"):
        figures.encode_image_query(clip, b"text")
    with pytest.raises(TypeError, match="image_bytes must be bytes, not str"):
        figures.encode_image_query(clip, "query.png")
    with pytest.raises(RuntimeError, match="^Model error: .*the model has no vision tower"):
        figures.encode_image_query(model, draw("red", "circle"))
    with pytest.raises(RuntimeError, match="^Source error: figures: Column not found: picture"):
        figures.generate_image_embeddings(source="figures", model=clip, image_column="picture", key="name")
    with pytest.raises(RuntimeError, match="^Inference error: Unsupported column type for image input: int64"):
        figures.generate_image_embeddings(source="papers", model=clip, image_column="id", key="id")


def test_no_picture_is_decoded_that_would_fill_the_memory(figures, clip):
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 200_000
    with pytest.raises(RuntimeError, match="image is larger than 100000000 pixels .*: 30000 x 30000"):
        figures.encode_image_query(clip, bomb.getvalue())


def test_animations_and_orientations_are_seen_as_a_viewer_shows_them(db, clip):
    images = ROOT / "tests" / "fixtures" / "images"
    upright = db.encode_image_query(clip, (images / "colour.png").read_bytes())
    for name in ("animated.webp", "oriented_6.png", "oriented_7.tif", "oriented_8.webp"):
        assert db.encode_image_query(clip, (images / name).read_bytes()) == pytest.approx(upright, abs=1e-5), name
