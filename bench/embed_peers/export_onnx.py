"""Exports a model to ONNX the way ONNX Runtime runs it best: fused operators where it knows them, the whole answer in the
graph, and for int8 dynamic per-channel quantisation of the linear layers."""

import argparse
import collections
import pathlib

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

import modules


def export(kind, model_directory, path):
    # Eager attention is the form that ONNX Runtime's fusion recognises.
    module = modules.load(kind, model_directory, "eager")
    config = module.model.config
    if kind == "images":
        example, names = (torch.rand(2, 3, config.image_size, config.image_size),), ["pixel_values"]
        axes = {"pixel_values": {0: "images"}}
    else:
        example = torch.randint(1000, 20000, (2, 16)), torch.ones(2, 16, dtype=torch.int64)
        names = ["input_ids", "attention_mask"]
        axes = dict.fromkeys(names, {0: "texts", 1: "tokens"})
    torch.onnx.export(
        module, example, path, dynamo=False, opset_version=17, input_names=names, output_names=["answers"],
        dynamic_axes={**axes, "answers": {0: "rows"}})
    return config


def fuse(exported, path, config):
    # ModernBERT's attention is not among the fusions; its graph is left to the session's own.
    if config.model_type == "modernbert":
        path.write_bytes(exported.read_bytes())
        return
    kind = "bert" if config.model_type == "bert" else "vit"
    fused = optimizer.optimize_model(
        str(exported), kind, num_heads=config.num_attention_heads, hidden_size=config.hidden_size,
        optimization_options=FusionOptions(kind))
    counts = collections.Counter(node.op_type for node in fused.model.graph.node)
    layers = config.num_hidden_layers
    if kind == "bert" and (counts["Attention"] != layers or counts["SkipLayerNormalization"] != 2 * layers):
        raise SystemExit(f"the exported graph was not fused: {dict(counts)}")
    fused.save_model_to_file(str(path))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("destination", type=pathlib.Path)
    parser.add_argument("--kind", choices=modules.KINDS, default="vectors")
    parser.add_argument("--reduce-range", action="store_true", help="7-bit weights, for CPUs without VNNI")
    arguments = parser.parse_args()
    arguments.destination.mkdir(parents=True, exist_ok=True)
    exported, f32, int8 = (arguments.destination / name for name in ("exported.onnx", "f32.onnx", "int8.onnx"))
    fuse(exported, f32, export(arguments.kind, arguments.model, exported))
    # ONNX Runtime has no int8 convolution of this form on the CPU.
    quantised = ["MatMul", "Attention"] if arguments.kind == "images" else None
    quantize_dynamic(f32, int8, weight_type=QuantType.QInt8, per_channel=True, reduce_range=arguments.reduce_range,
                     op_types_to_quantize=quantised,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


if __name__ == "__main__":
    main()
