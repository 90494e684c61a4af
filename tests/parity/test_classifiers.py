"""Compares the logits of every family's classification heads with transformers, for texts and for tokens."""
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
from reference import CLASSIFIER_KINDS, Classifier  # noqa: E402

F32_TOLERANCE = 1e-4
BF16_COSINE = 0.999
INT8_COSINE = 0.99

TEXTS = [entry["text"] * entry.get("repeat", 1)
         for entry in json.loads((FIXTURES / "hostile_texts.json").read_text())]


@pytest.fixture(scope="session", ids="-".join,
                params=[(kind, name) for kind in CLASSIFIER_KINDS for name in make_families.CLASSIFIERS[kind]])
def reference(request, tmp_path_factory):
    kind, name = request.param
    directory = tmp_path_factory.mktemp(f"{kind}_{name}") / "model"
    make_families.write_classifier(directory, name, CLASSIFIER_KINDS[kind])
    return Classifier(directory, kind)


@pytest.fixture(scope="session")
def expected(reference):
    return reference.logits(TEXTS)


def dump(reference, precision, scratch, *arguments):
    file = scratch / "texts.json"
    file.write_text(json.dumps(TEXTS))
    command = [os.environ["JAMMI_PARITY_DUMP"], f"local:{reference.directory}", precision, file, reference.kind, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [numpy.array(row["logits"], dtype=numpy.float32) for row in json.loads(done.stdout)["rows"]]


def test_f32_logits_equal_transformers(reference, expected, tmp_path):
    computed = dump(reference, "f32", tmp_path)
    assert [logits.shape for logits in computed] == [logits.shape for logits in expected]
    error = max(numpy.abs(ours - theirs).max() for ours, theirs in zip(computed, expected))
    print(f"largest difference {error:.2e} of logits up to {max(numpy.abs(row).max() for row in expected):.1f}")
    assert error <= F32_TOLERANCE


def test_f32_logits_equal_those_of_a_padded_batch(reference, tmp_path):
    computed = dump(reference, "f32", tmp_path)
    expected = reference.padded_logits(TEXTS)
    assert max(numpy.abs(ours - theirs).max() for ours, theirs in zip(computed, expected, strict=True)) <= F32_TOLERANCE


@pytest.mark.parametrize(("precision", "bound"), [("bf16", BF16_COSINE), ("int8", INT8_COSINE)])
def test_rounded_logits_point_where_transformers_do(reference, expected, precision, bound, tmp_path):
    ours = numpy.concatenate(dump(reference, precision, tmp_path)).ravel()
    theirs = numpy.concatenate(expected).ravel()
    cosine = float(ours @ theirs / numpy.linalg.norm(ours) / numpy.linalg.norm(theirs))
    print(f"cosine {cosine:.6f}")
    assert cosine >= bound


def test_torch_f32_logits_equal_transformers(reference, expected, tmp_path):
    computed = dump(reference, "f32", tmp_path, "--torch")
    assert max(numpy.abs(ours - theirs).max() for ours, theirs in zip(computed, expected, strict=True)) <= F32_TOLERANCE


def test_labels_are_the_configurations(reference, tmp_path):
    file = tmp_path / "texts.json"
    file.write_text(json.dumps(["the sea"]))
    command = [os.environ["JAMMI_PARITY_DUMP"], f"local:{reference.directory}", "f32", file, reference.kind]
    labels = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["labels"]
    assert labels == reference.labels
