"""Compares ONNX models with transformers and with the native runtime: the families' checkpoints, exported.

$JAMMI_PARITY_DUMP is the parity_dump program.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy
import pytest
import torch
import transformers

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
import export_onnx  # noqa: E402
import make_families  # noqa: E402
from reference import CLASSIFIER_KINDS, Classifier, Reference  # noqa: E402

TOLERANCE = 1e-4
FAMILIES = ["roberta", "camembert", "distilbert", "mpnet", "modernbert"]
CLASSIFIERS = [(kind, name) for kind in CLASSIFIER_KINDS for name in ("bert", "roberta", "modernbert_mean")]
TEXTS = [entry["text"] * entry.get("repeat", 1)
         for entry in json.loads((FIXTURES / "hostile_texts.json").read_text())]


def export(directory, model_class, output, name="model.onnx"):
    """A copy of a model directory with an ONNX file in the place of the weights."""
    exported = directory.parent / "onnx"
    shutil.copytree(directory, exported, ignore=lambda folder, _: ["model.safetensors"] * (folder == str(directory)))
    model = model_class.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager")
    export_onnx.export(model, output, exported / name)
    return exported


def dump(directory, scratch, *what):
    file = scratch / "texts.json"
    file.write_text(json.dumps(TEXTS))
    command = [os.environ["JAMMI_PARITY_DUMP"], f"local:{directory}", "f32", file, *what]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def largest_difference(ours, theirs):
    return max(numpy.abs(numpy.array(a, dtype=numpy.float32) - numpy.array(b, dtype=numpy.float32)).max()
               for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_equal_transformers_and_the_native_runtime(family, tmp_path):
    directory = tmp_path / "model"
    make_families.FAMILIES[family](directory)
    name = "onnx/model.onnx" if family == "roberta" else "model.onnx"
    exported = export(directory, transformers.AutoModel, "last_hidden_state", name)

    computed = dump(exported, tmp_path)
    assert computed["kernel"] == "onnxruntime"
    reference = Reference(directory)
    assert computed["max_tokens"] == reference.max_tokens
    ours = [row["vector"] for row in computed["rows"]]
    assert largest_difference(ours, reference.vectors(reference.ids(TEXTS))) <= TOLERANCE
    native = dump(directory, tmp_path)
    assert native["kernel"] != "onnxruntime"
    assert largest_difference(ours, [row["vector"] for row in native["rows"]]) <= TOLERANCE


@pytest.mark.parametrize("kind, name", CLASSIFIERS)
def test_logits_equal_transformers(kind, name, tmp_path):
    directory = tmp_path / "model"
    make_families.write_classifier(directory, name, CLASSIFIER_KINDS[kind])
    exported = export(directory, CLASSIFIER_KINDS[kind], "logits")
    computed = dump(exported, tmp_path, kind)
    assert largest_difference([row["logits"] for row in computed["rows"]],
                              Classifier(directory, kind).logits(TEXTS)) <= TOLERANCE
