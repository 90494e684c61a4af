"""Compares what `jammi infer` says of texts with transformers: labels, scores and entities, by every family.

$JAMMI is the command line.
"""
import json
import os
import pathlib
import subprocess
import sys

import numpy
import pyarrow
import pyarrow.parquet
import pytest
import torch

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
import make_families  # noqa: E402
from reference import CLASSIFIER_KINDS, Classifier  # noqa: E402

TOLERANCE = 1e-4
TASKS = {"sequences": "classification", "tokens": "ner"}
LABELS = {"sequences": ["z", 'a "quoted" one', "\u00c4rger \u65e5\u672c", "back\\slash", "tab\there"],
          "tokens": ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]}
TEXTS = [entry["text"] * entry.get("repeat", 1)
         for entry in json.loads((FIXTURES / "hostile_texts.json").read_text()) if entry["text"]]


def write_model(tmp_path_factory, kind, name):
    directory = tmp_path_factory.mktemp(f"{TASKS[kind]}_{name}") / "model"
    make_families.write_classifier(directory, name, CLASSIFIER_KINDS[kind], LABELS[kind])
    return Classifier(directory, kind)


@pytest.fixture(scope="session")
def texts(tmp_path_factory):
    """A source of the texts, as the command line sees it."""
    directory = tmp_path_factory.mktemp("texts")
    pyarrow.parquet.write_table(pyarrow.table({"id": range(len(TEXTS)), "text": TEXTS}), directory / "texts.parquet")
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "LANG": "C.UTF-8",
                   "JAMMI_ARTIFACT_DIR": str(directory / "jammi"), "JAMMI_INFERENCE__PRECISION": "f32"}

    def run(*arguments):
        done = subprocess.run([os.environ["JAMMI"], *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("sources", "add", "texts", "--path", str(directory / "texts.parquet"))
    return run


def infer(texts, reference):
    lines = texts("infer", "texts", "--model", str(reference.directory), "--columns", "text", "--key", "id",
                  "--task", TASKS[reference.kind], "--format", "json")
    rows = [json.loads(line) for line in lines.removesuffix("\n").split("\n")]
    assert [(row["_row_id"], row["_status"]) for row in rows] == [(str(i), "ok") for i in range(len(TEXTS))]
    return rows


def margins(probabilities):
    """How far the likeliest class of each row is ahead of the next."""
    ordered = numpy.sort(probabilities, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def softmax(logits):
    return torch.softmax(torch.from_numpy(logits), dim=1).numpy()


@pytest.mark.parametrize("name", make_families.CLASSIFIERS["sequences"])
def test_labels_and_scores_equal_transformers(name, texts, tmp_path_factory):
    reference = write_model(tmp_path_factory, "sequences", name)
    rows = infer(texts, reference)
    for row, logits in zip(rows, reference.logits(TEXTS)):
        (expected,) = softmax(logits)
        scores = json.loads(row["all_scores_json"])
        assert list(scores) == sorted(LABELS["sequences"])
        assert [scores[label] for label in LABELS["sequences"]] == pytest.approx(expected.tolist(), abs=TOLERANCE)
        assert row["confidence"] == pytest.approx(expected.max(), abs=TOLERANCE)
        assert scores[row["label"]] == pytest.approx(row["confidence"], abs=1e-7) == max(scores.values())
    assert len({row["label"] for row in rows}) > 1, "a model that gives everything one label would agree with anything"


def entities_of(text, labels, spans, probabilities):
    """The BIO tags of a text's tokens read as entities."""
    entities, is_open = [], False
    for (start, end), row in zip(spans, probabilities):
        if (start, end) == (0, 0):
            continue
        mark, _, kind = labels[int(row.argmax())].partition("-")
        if mark == "I" and is_open and entities[-1]["label"] == kind:
            entities[-1]["end"] = end
            entities[-1]["tokens"].append(row.max())
        else:
            is_open = mark == "B"
            if is_open:
                entities.append({"label": kind, "start": start, "end": end, "tokens": [row.max()]})
    for entity in entities:
        blanks = len(text[entity["start"]:entity["end"]]) - len(text[entity["start"]:entity["end"]].lstrip(" "))
        entity["start"] += blanks
        entity["text"] = text[entity["start"]:entity["end"]]
        entity["confidence"] = float(numpy.mean(entity.pop("tokens")))
    return entities


@pytest.mark.parametrize("name", make_families.CLASSIFIERS["tokens"])
def test_entities_equal_transformers(name, texts, tmp_path_factory):
    reference = write_model(tmp_path_factory, "tokens", name)
    num_texts = num_entities = 0
    for text, row, logits in zip(TEXTS, infer(texts, reference), reference.logits(TEXTS)):
        probabilities = softmax(logits)
        if margins(probabilities).min() < 3 * TOLERANCE:
            continue  # rounding may decide
        expected = entities_of(text, reference.labels, reference.spans(text), probabilities)
        found = json.loads(row["entities"])
        assert [list(entity) for entity in found] == [["text", "label", "start", "end", "confidence"]] * len(found)
        confidences = [entity.pop("confidence") for entity in found]
        assert confidences == pytest.approx([entity.pop("confidence") for entity in expected], abs=TOLERANCE)
        assert found == expected
        num_texts += 1
        num_entities += len(found)
    assert num_texts > len(TEXTS) / 2 and num_entities > num_texts
