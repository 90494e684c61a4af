"""Makes a checkpoint of random weights in the shape of a known model, for transformers and for jammi."""

import argparse
import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file

SEED = 20250101
FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures"


def save_texts(directory, model, tokenizer):
    model.save_pretrained(directory)
    shutil.copy(tokenizer / "tokenizer.json", directory)


def bge_small(directory, tokenizer):
    config = transformers.BertConfig(hidden_size=384, intermediate_size=1536)
    save_texts(directory, transformers.BertModel(config, add_pooling_layer=False), tokenizer)


def bge_base(directory, tokenizer):
    save_texts(directory, transformers.BertModel(transformers.BertConfig(), add_pooling_layer=False), tokenizer)


def modernbert_base(directory, tokenizer):
    save_texts(directory, transformers.ModernBertModel(transformers.ModernBertConfig()), tokenizer)


def bert_classifier(directory, tokenizer):
    config = transformers.BertConfig(num_labels=3)
    save_texts(directory, transformers.BertForSequenceClassification(config), tokenizer)


def vit_b_32(directory, _):
    """The same weights under transformers' names and under OpenCLIP's."""
    sys.path.insert(0, str(FIXTURES))
    import make_families

    model = {"embed_dim": 512, "text_cfg": {},
             "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "head_width": 64, "patch_size": 32}}
    (directory / "open_clip_config.json").write_text(json.dumps({"model_cfg": model, "preprocess_cfg": {}}))
    tower = transformers.CLIPVisionModelWithProjection(make_families.clip_vision_config(directory, 1.0))
    tower.save_pretrained(directory)
    save_file(make_families.open_clip_state(tower.state_dict()), directory / "open_clip_model.safetensors")


SHAPES = {"bge-small": bge_small, "bge-base": bge_base, "modernbert-base": modernbert_base, "vit-b-32": vit_b_32,
          "bert-classifier": bert_classifier}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="the directory of a tokenizer.json")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    SHAPES[arguments.shape](arguments.directory, arguments.tokenizer)


if __name__ == "__main__":
    main()
