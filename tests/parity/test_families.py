"""Compares every encoder family with transformers, on small checkpoints made here and on published ones.

$JAMMI_PARITY_DUMP is the parity_dump program; $JAMMI_PARITY_MODELS may list directories of published models, separated
like $PATH.
"""
import json
import os
import pathlib
import subprocess
import sys

import numpy
import pytest

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
import make_families  # noqa: E402
from reference import Reference  # noqa: E402

F32_TOLERANCE = 1e-5
TORCH_F32_TOLERANCE = 1e-4  # libtorch sums in another order
BF16_COSINE = 0.999
INT8_COSINE = 0.99

CORPUS = json.loads((FIXTURES / "hostile_texts.json").read_text())
CORPUS += [
    {"name": "other special tokens", "text": "<s>the<pad><pad> sea</s> <unk><mask> <|startoftext|>the<|endoftext|> sea"},
    # Distances beyond the last bucket, keys outside the window, more queries than one block.
    {"name": "long prose", "text": make_families.TRAINING_TEXT},
]
TEXTS = [entry["text"] * entry.get("repeat", 1) for entry in CORPUS]
NAMES = [entry["name"] for entry in CORPUS]
PUBLISHED = [path for path in os.environ.get("JAMMI_PARITY_MODELS", "").split(os.pathsep) if path]


@pytest.fixture(scope="session", params=[*make_families.FAMILIES, *PUBLISHED])
def reference(request, tmp_path_factory):
    directory = pathlib.Path(request.param)
    if request.param in make_families.FAMILIES:
        directory = tmp_path_factory.mktemp(request.param) / "model"
        make_families.FAMILIES[request.param](directory)
    return Reference(directory)


def dump(reference, precision, scratch, *arguments):
    file = scratch / "texts.json"
    file.write_text(json.dumps(TEXTS))
    command = [os.environ["JAMMI_PARITY_DUMP"], f"local:{reference.directory}", precision, file, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def computed(reference, tmp_path_factory):
    return dump(reference, "f32", tmp_path_factory.mktemp("dump"))


@pytest.fixture(scope="session")
def expected(reference):
    return reference.vectors(reference.ids(TEXTS))


def vectors_of(result):
    return numpy.array([row["vector"] for row in result["rows"]], dtype=numpy.float32)


def test_texts_are_cut_at_the_models_limit(reference, computed):
    assert computed["max_tokens"] == reference.max_tokens
    assert max(len(row["token_ids"]) for row in computed["rows"]) == reference.max_tokens


def test_token_ids_equal_the_tokenizers_library(reference, computed):
    ids = reference.ids(TEXTS)
    different = [name for name, row, expected in zip(NAMES, computed["rows"], ids) if row["token_ids"] != expected]
    assert different == []


def test_queries_have_the_prompt_of_queries(reference, tmp_path):
    ids = reference.ids(TEXTS, is_query=True)
    rows = dump(reference, "f32", tmp_path, "query")["rows"]
    different = [name for name, row, expected in zip(NAMES, rows, ids) if row["token_ids"] != expected]
    assert different == []


def test_f32_vectors_equal_transformers(computed, expected):
    error = numpy.abs(vectors_of(computed) - expected).max(axis=1)
    worst = int(error.argmax())
    print(f"{computed['kernel']}: largest difference {error[worst]:.2e} ({NAMES[worst]})")
    assert error[worst] <= F32_TOLERANCE, NAMES[worst]


@pytest.mark.parametrize(("precision", "bound"), [("bf16", BF16_COSINE), ("int8", INT8_COSINE)])
def test_rounded_vectors_point_where_transformers_do(reference, expected, precision, bound, tmp_path):
    result = dump(reference, precision, tmp_path)
    vectors = vectors_of(result)
    assert numpy.allclose(numpy.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosine = (vectors * expected).sum(axis=1)
    worst = int(cosine.argmin())
    print(f"{result['kernel']}: smallest cosine {cosine[worst]:.6f} ({NAMES[worst]})")
    assert cosine[worst] >= bound, NAMES[worst]


def test_torch_f32_vectors_equal_the_cpus(reference, computed, tmp_path):
    result = dump(reference, "f32", tmp_path, "--torch")
    assert result["kernel"] == "torch:cpu"
    error = numpy.abs(vectors_of(result) - vectors_of(computed)).max(axis=1)
    worst = int(error.argmax())
    print(f"{result['kernel']}: largest difference {error[worst]:.2e} ({NAMES[worst]})")
    assert error[worst] <= TORCH_F32_TOLERANCE, NAMES[worst]


@pytest.mark.parametrize("precision", ["bf16", "f16"])
def test_torch_half_precision_vectors_point_where_the_cpus_do(reference, computed, precision, tmp_path):
    result = dump(reference, precision, tmp_path, "--torch")
    cosine = (vectors_of(result) * vectors_of(computed)).sum(axis=1)
    worst = int(cosine.argmin())
    print(f"{result['kernel']}: smallest cosine {cosine[worst]:.6f} ({NAMES[worst]})")
    assert cosine[worst] >= BF16_COSINE, NAMES[worst]


def test_different_texts_have_different_vectors(computed):
    """Guards the comparison itself: a model that maps everything to one vector would agree with anything."""
    sentence, prose = (vectors_of(computed)[NAMES.index(name)] for name in ("sentence", "long prose"))
    assert float(sentence @ prose) < 0.99
