"""Compares token ids and vectors with tokenizers and transformers, text by text.

$JAMMI_PARITY_DUMP is the parity_dump program. The published all-MiniLM-L6-v2 takes part when scripts/fetch_minilm.py
has laid it out, or when $JAMMI_PARITY_MODEL names another model directory.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy
import pytest
import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
import make_models  # noqa: E402

F32_TOLERANCE = 1e-5
BF16_COSINE = 0.999
INT8_COSINE = 0.99
MAX_TOKENS = 512

# One thread: the machine may be building at the same time, and spinning threads then cost minutes.
torch.set_num_threads(1)

CORPUS = json.loads((FIXTURES / "hostile_texts.json").read_text())
TEXTS = [entry["text"] * entry.get("repeat", 1) for entry in CORPUS]
NAMES = [entry["name"] for entry in CORPUS]


def published_model():
    path = os.environ.get("JAMMI_PARITY_MODEL", "~/.cache/jammi/models/all-MiniLM-L6-v2")
    path = pathlib.Path(path).expanduser()
    return path if path.is_dir() else None


MODELS = ["tiny_bert", "odd_shape"] + (["published"] if published_model() else [])


@pytest.fixture(scope="session", params=MODELS)
def model_directory(request, tmp_path_factory):
    if request.param == "tiny_bert":
        return FIXTURES / "tiny_bert"
    if request.param == "published":
        return published_model()
    # Widths that fill no vector register, one layer more, the tanh activation and the task models' name prefix.
    directory = tmp_path_factory.mktemp("odd_shape")
    vocab_size = make_models.write_tokenizer(directory)
    make_models.write_bert(directory, vocab_size + 3, hidden=42, layers=3, heads=3, intermediate=50, positions=77,
                           activation="gelu_new", prefix="bert.", seed=7)
    return directory


def dump(directory, precision, texts, scratch):
    file = scratch / "texts.json"
    file.write_text(json.dumps(texts))
    done = subprocess.run([os.environ["JAMMI_PARITY_DUMP"], f"local:{directory}", precision, file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def computed(model_directory, tmp_path_factory):
    return dump(model_directory, "f32", TEXTS, tmp_path_factory.mktemp("dump"))


def expected_max_tokens(directory):
    limits = [MAX_TOKENS, json.loads((directory / "config.json").read_text())["max_position_embeddings"]]
    settings = directory / "sentence_bert_config.json"
    if settings.is_file():
        limits.append(json.loads(settings.read_text())["max_seq_length"])
    return min(limits)


@pytest.fixture(scope="session")
def reference_ids(model_directory):
    tokenizer = tokenizers.Tokenizer.from_file(str(model_directory / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(expected_max_tokens(model_directory))
    return [tokenizer.encode(text).ids for text in TEXTS]


@pytest.fixture(scope="session")
def reference_vectors(model_directory, reference_ids):
    model = transformers.AutoModel.from_pretrained(model_directory, dtype=torch.float32, add_pooling_layer=False)
    model.eval()
    vectors = []
    with torch.inference_mode():
        for ids in reference_ids:
            hidden = model(input_ids=torch.tensor([ids])).last_hidden_state
            vectors.append(torch.nn.functional.normalize(hidden.mean(dim=1), dim=1)[0].numpy())
    return numpy.stack(vectors)


def vectors_of(result):
    return numpy.array([row["vector"] for row in result["rows"]], dtype=numpy.float32)


def test_limit_is_the_models(model_directory, computed):
    assert computed["max_tokens"] == expected_max_tokens(model_directory)


def test_every_token_id_equals_the_tokenizers_library(computed, reference_ids):
    different = [name for name, row, ids in zip(NAMES, computed["rows"], reference_ids) if row["token_ids"] != ids]
    assert different == []


def test_every_token_id_equals_transformers(model_directory, computed):
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_directory)
    ids = tokenizer(TEXTS, truncation=True, max_length=expected_max_tokens(model_directory))["input_ids"]
    different = [name for name, row, expected in zip(NAMES, computed["rows"], ids) if row["token_ids"] != expected]
    assert different == []


def test_f32_vectors_equal_transformers(computed, reference_vectors):
    error = numpy.abs(vectors_of(computed) - reference_vectors).max(axis=1)
    worst = int(error.argmax())
    print(f"{computed['kernel']}: largest difference {error[worst]:.2e} ({NAMES[worst]})")
    assert error[worst] <= F32_TOLERANCE, NAMES[worst]


@pytest.mark.parametrize(("precision", "bound"), [("bf16", BF16_COSINE), ("int8", INT8_COSINE)])
def test_rounded_vectors_point_where_transformers_do(model_directory, reference_vectors, precision, bound, tmp_path):
    result = dump(model_directory, precision, TEXTS, tmp_path)
    vectors = vectors_of(result)
    assert numpy.allclose(numpy.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosine = (vectors * reference_vectors).sum(axis=1)
    worst = int(cosine.argmin())
    print(f"{result['kernel']}: smallest cosine {cosine[worst]:.6f} ({NAMES[worst]})")
    assert cosine[worst] >= bound, NAMES[worst]


def test_different_texts_have_different_vectors(computed):
    """Guards the comparison itself: a model that maps everything to one vector would agree with anything."""
    sentence, chinese = (vectors_of(computed)[NAMES.index(name)] for name in ("sentence", "chinese"))
    assert float(sentence @ chinese) < 0.99


def test_older_norm_names_give_the_same_vectors(tmp_path):
    old = tmp_path / "old_names"
    shutil.copytree(FIXTURES / "tiny_bert", old)
    weights = load_file(old / "model.safetensors")
    renamed = {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
               for name, tensor in weights.items()}
    save_file(renamed, old / "model.safetensors")
    assert dump(old, "f32", TEXTS, tmp_path) == dump(FIXTURES / "tiny_bert", "f32", TEXTS, tmp_path)
