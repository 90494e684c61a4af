"""Wrong types and impossible values end in an error that names the argument."""

import os

import numpy
import pytest

import jammi_ai

LONG = "x" * 10_000_000


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"artifact_dir": 3}, TypeError, "artifact_dir must be a str, not int"),
        ({"artifact_dir": b"bytes"}, TypeError, "artifact_dir must be a str, not bytes"),
        ({"config": ["a"]}, TypeError, "config must be a str, not list"),
        ({"gpu_device": "0"}, TypeError, "gpu_device must be an int, not str"),
        ({"gpu_device": -2}, ValueError, "gpu_device must be at least -1"),
        ({"gpu_device": 2**70}, ValueError, "gpu_device"),
        ({"inference_batch_size": 0}, ValueError, "inference_batch_size must be at least 1"),
        ({"inference_batch_size": 1.5}, TypeError, "inference_batch_size must be an int, not float"),
    ],
)
def test_connect_refuses(arguments, error, text, tmp_path):
    with pytest.raises(error, match=text):
        jammi_ai.connect(**arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_a_runtime_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeError):
        jammi_ai.connect(artifact_dir=tmp_path / "file" / "below")


def test_wrong_types_are_type_errors_that_name_the_argument(embedded, model):
    calls = {
        "query must be a str, not int": lambda: embedded.sql(1),
        "name must be a str, not NoneType": lambda: embedded.add_source(None, path="x", format="csv"),
        "path must be a str, not int": lambda: embedded.add_source("x", path=1, format="csv"),
        "format must be a str, not NoneType": lambda: embedded.add_source("x", path="x", format=None),
        "columns must be a list of str, not str": lambda: embedded.generate_text_embeddings(
            source="papers", model=model, columns="title", key="id"
        ),
        r"columns\[1\] must be a str, not int": lambda: embedded.generate_text_embeddings(
            source="papers", model=model, columns=["title", 2], key="id"
        ),
        "key must be a str, not int": lambda: embedded.generate_text_embeddings(
            source="papers", model=model, columns=["title"], key=1
        ),
        "model must be a str, not int": lambda: embedded.generate_text_embeddings(
            source="papers", model=1, columns=["title"], key="id"
        ),
        "progress must be a bool or a callable, not int": lambda: embedded.generate_text_embeddings(
            source="papers", model=model, columns=["title"], key="id", progress=1
        ),
        "text must be a str, not bytes": lambda: embedded.encode_text_query(model, b"text"),
        "source must be a str, not int": lambda: embedded.search(1, query=[0.0] * 32, k=1),
        "query must be a sequence of numbers, not str": lambda: embedded.search("papers", query="text", k=1),
        "query must be a sequence of numbers, not bytes": lambda: embedded.search("papers", query=b"1234", k=1),
        "query must be a sequence of numbers, not float": lambda: embedded.search("papers", query=0.5, k=1),
        "query must be a flat sequence of numbers": lambda: embedded.search("papers", query=[[0.1] * 32], k=1),
        "query must be a flat sequence": lambda: embedded.search("papers", query=["0.1"] * 32, k=1),
        "k must be an int, not float": lambda: embedded.search("papers", query=[0.1] * 32, k=1.0),
        "predicate must be a str, not bool": lambda: embedded.search("papers", query=[0.1] * 32, k=1).filter(True),
        "columns must be a list of str": lambda: embedded.search("papers", query=[0.1] * 32, k=1).select("title"),
        "n must be an int, not NoneType": lambda: embedded.search("papers", query=[0.1] * 32, k=1).limit(None),
    }
    for text, call in calls.items():
        with pytest.raises(TypeError, match=text):
            call()


def test_impossible_values_are_value_errors(embedded):
    with pytest.raises(ValueError, match="k must be at least 0"):
        embedded.search("papers", query=[0.1] * 32, k=-1)
    with pytest.raises(ValueError, match="k must be at least 0 and fit 64 bits"):
        embedded.search("papers", query=[0.1] * 32, k=2**64)
    with pytest.raises(ValueError, match="query must have one dimension, not 2"):
        embedded.search("papers", query=numpy.zeros((1, 32)), k=1)
    with pytest.raises(ValueError, match="lone surrogate at position 7"):
        embedded.sql("SELECT \ud800")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_a_query_vector_that_is_not_finite_is_refused(embedded, value):
    with pytest.raises(RuntimeError, match="not finite"):
        embedded.search("papers", query=[0.1] * 31 + [value], k=1)


def test_a_query_vector_of_another_width_is_refused(embedded):
    for width in (0, 31, 33, 100_000):
        with pytest.raises(RuntimeError, match=f"Vector dimension mismatch: expected 32, got {width}"):
            embedded.search("papers", query=[0.1] * width, k=1)


def test_a_vector_of_zeros_finds_rows_without_similarity(embedded):
    result = embedded.search("papers", query=[0.0] * 32, k=3).run()
    assert result["similarity"].to_pylist() == [0.0] * 3


def test_a_string_of_ten_million_characters_is_text_or_an_error_everywhere(embedded, model, papers):
    assert len(embedded.encode_text_query(model, LONG)) == 32
    assert len(embedded.sql(f"SELECT '{LONG}' AS x")["x"][0].as_py()) == len(LONG)
    assert embedded.describe_source(LONG) is None
    search = embedded.search("papers", query=[0.1] * 32, k=1)
    for call in (
        lambda: embedded.sql(LONG),
        lambda: embedded.remove_source(LONG),
        lambda: embedded.add_source("long", path=LONG, format="parquet"),
        lambda: embedded.preload_model("local:" + LONG),
        lambda: embedded.generate_text_embeddings(source="papers", model=model, columns=[LONG], key="id"),
        lambda: search.filter(LONG),
        lambda: search.sort(LONG),
        lambda: search.select([LONG]),
    ):
        with pytest.raises(RuntimeError):
            call()
    assert search.run().num_rows == 1


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ufeff", "🦆" * 1000, "\u202e", "' OR 1=1 --"])
def test_odd_characters_are_text(embedded, model, text):
    assert len(embedded.encode_text_query(model, text)) == 32
    assert embedded.describe_source(text) is None


def test_an_error_shows_bytes_that_are_no_text_replaced(monkeypatch):
    monkeypatch.setenv("JAMMI_LOGGING__LEVEL", os.fsdecode(b"a\xffb"))
    with pytest.raises(RuntimeError, match="^Configuration error: JAMMI_LOGGING__LEVEL .*: a\ufffdb$"):
        jammi_ai.connect(artifact_dir="never_made")
