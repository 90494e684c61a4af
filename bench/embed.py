#!/usr/bin/env python3
"""Speed of models in jammi, ONNX Runtime and PyTorch on the same texts or images and two cores, in interleaved rounds."""
import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import random

import numpy as np
import pyarrow.parquet as pq
import tokenizers

from embed_contestants import (
    CORES, arrange_peers, cpu_features, make_contestants, make_model, make_peers, progress, run_json)  # fmt: skip
from embed_peers import workload
from embed_report import read_vectors, report
from embed_shapes import IMAGE_SIZE, SHAPES, TOKENS_PER_IMAGE, tokenizer_directory
from measuring import corpus, median, record

SEED = 20250101


@dataclasses.dataclass
class Work:
    """Texts or images and how many tokens each is."""

    path: pathlib.Path
    lengths: np.ndarray

    def tokens(self, count):
        return int(self.lengths[:count].sum())


def make_images(shape, count):
    path = shape.directory / "images.f32"
    np.random.default_rng(SEED).standard_normal((count, 3, IMAGE_SIZE, IMAGE_SIZE), np.float32).tofile(path)
    return Work(path, np.full(count, TOKENS_PER_IMAGE))


def make_texts(shape, count):
    """Samples package descriptions with their own lengths and tokenizes them once for every engine."""
    model = tokenizer_directory()
    packages = pq.read_table(corpus() / "packages.parquet", columns=["name", "description"]).to_pylist()
    described = [package for package in packages if package["description"]]
    chosen = random.Random(SEED).sample(described, count)
    keys, texts = ([package[column] for package in chosen] for column in ("name", "description"))
    tokenizer = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(json.loads((model / "sentence_bert_config.json").read_text())["max_seq_length"])
    token_ids = [text.ids for text in tokenizer.encode_batch(texts)]
    path = shape.directory / "workload.arrow"
    workload.write(path, keys, texts, token_ids)
    return Work(path, np.array([len(ids) for ids in token_ids]))


def reference_vectors(engine, work):
    """What every engine's answers are compared with, computed once per workload."""
    path = engine.shape.directory / f"reference-{hashlib.sha256(work.path.read_bytes()).hexdigest()[:16]}.f32"
    if not path.exists():
        progress("computing the reference vectors")
        engine.run(work, engine.count(work))
        engine.vectors_path.rename(path)
    return read_vectors(path, engine.shape)


def measure(contestants, work, rounds):
    """Fills in the contestants' figures and returns the f32 peak of a core in GFLOP/s."""
    ours = contestants[0].throughput_command[0]
    peaks = []
    for turn in range(rounds):
        peaks.append(run_json([ours, "peak", "--threads", CORES])["gflops_per_core"])
        for contestant in contestants:
            contestant.measure_throughput(work)
            progress(f"round {turn + 1}: {contestant.label}: {contestant.rates[-1]:,.0f} tokens/s")
    for contestant in contestants:
        contestant.measure_query()
    return median(peaks)


def run(shape, arguments):
    """Measures all engines on one shape and returns the report's section."""
    shape.directory.mkdir(parents=True, exist_ok=True)
    features, python = cpu_features(), make_peers()
    model = make_model(shape, python)
    count = arguments.count or shape.count
    work = (make_images if shape.kind == "images" else make_texts)(shape, count)
    contestants, reference_engine = make_contestants(shape, model, python, features)
    reference = reference_vectors(reference_engine, work)
    arrange_peers(contestants, work, arguments.sweep)
    load = os.getloadavg()[0]
    peak_gflops = measure(contestants, work, arguments.rounds)
    return report(shape, contestants, work, features, peak_gflops, reference, load)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", action="append", choices=[shape.name for shape in SHAPES],
                        help="measure this shape only; may be given again")  # fmt: skip
    parser.add_argument("--count", type=int, help="texts or images of a run, instead of each shape's own number")
    parser.add_argument("--sweep", action="store_true", help="look for the peers' best arrangements again")
    parser.add_argument("--record", action="store_true", help="put the result into bench/RESULTS.md")
    arguments = parser.parse_args()
    for shape in SHAPES:
        if arguments.shape and shape.name not in arguments.shape:
            continue
        section = run(shape, arguments)
        print(section)
        if arguments.record:
            record(section)


if __name__ == "__main__":
    main()
