"""Exports a sentence-transformers BERT to ONNX the way ONNX Runtime runs it best: fused operators, pooling in the
graph, and for int8 dynamic per-channel quantisation of the linear layers."""

import argparse
import collections
import pathlib

import onnx
import torch
import transformers
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions


class UnitVectors(torch.nn.Module):
    """Token ids and mask in, mean-pooled unit vectors out."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(pooled)


def export(model_directory, path):
    # Eager attention is the form that ONNX Runtime's fusion recognises.
    model = transformers.AutoModel.from_pretrained(model_directory, attn_implementation="eager").eval()
    example = torch.randint(1000, 20000, (2, 16)), torch.ones(2, 16, dtype=torch.int64)
    dynamic = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        UnitVectors(model), example, path, dynamo=False, opset_version=17,
        input_names=["input_ids", "attention_mask"], output_names=["vectors"],
        dynamic_axes={"input_ids": dynamic, "attention_mask": dynamic, "vectors": {0: "texts"}})
    return model.config


def fuse(exported, path, config):
    fused = optimizer.optimize_model(
        str(exported), "bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size,
        optimization_options=FusionOptions("bert"))
    counts = collections.Counter(node.op_type for node in fused.model.graph.node)
    layers = config.num_hidden_layers
    if counts["Attention"] != layers or counts["SkipLayerNormalization"] != 2 * layers:
        raise SystemExit(f"the exported graph was not fused: {dict(counts)}")
    fused.save_model_to_file(str(path))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("destination", type=pathlib.Path)
    parser.add_argument("--reduce-range", action="store_true", help="7-bit weights, for CPUs without VNNI")
    arguments = parser.parse_args()
    arguments.destination.mkdir(parents=True, exist_ok=True)
    exported, f32, int8 = (arguments.destination / name for name in ("exported.onnx", "f32.onnx", "int8.onnx"))
    fuse(exported, f32, export(arguments.model, exported))
    quantize_dynamic(f32, int8, weight_type=QuantType.QInt8, per_channel=True, reduce_range=arguments.reduce_range,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


if __name__ == "__main__":
    main()
