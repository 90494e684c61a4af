#!/usr/bin/env python3
"""Embedding throughput of jammi, ONNX Runtime and PyTorch on the same texts and two cores, in interleaved rounds."""
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

from embed_contestants import CORES, DATA, arrange_peers, cpu_features, make_contestants, progress, run_json
from embed_peers import workload
from embed_report import read_vectors, report
from measuring import corpus, median, minilm, record

SEED = 20250101
# Floating-point operations of MiniLM-L6: six layers, width 384, inner width 1536.
LINEAR_FLOPS_PER_TOKEN = 6 * 2 * (4 * 384 * 384 + 2 * 384 * 1536)
ATTENTION_FLOPS_PER_PAIR = 6 * 2 * (2 * 384)


@dataclasses.dataclass
class Texts:
    path: pathlib.Path
    lengths: np.ndarray

    def tokens(self, count):
        return int(self.lengths[:count].sum())

    def flops(self, count):
        lengths = self.lengths[:count].astype(float)
        return LINEAR_FLOPS_PER_TOKEN * lengths.sum() + ATTENTION_FLOPS_PER_PAIR * (lengths**2).sum()


def make_texts(model, count):
    """Samples package descriptions with their own lengths and tokenizes them once for every engine."""
    packages = pq.read_table(corpus() / "packages.parquet", columns=["name", "description"]).to_pylist()
    described = [package for package in packages if package["description"]]
    chosen = random.Random(SEED).sample(described, count)
    keys, texts = ([package[column] for package in chosen] for column in ("name", "description"))
    tokenizer = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(json.loads((model / "sentence_bert_config.json").read_text())["max_seq_length"])
    token_ids = [text.ids for text in tokenizer.encode_batch(texts)]
    path = DATA / "workload.arrow"
    workload.write(path, keys, texts, token_ids)
    return Texts(path, np.array([len(ids) for ids in token_ids]))


def reference_vectors(engine, texts):
    """What every engine's vectors are compared with, computed once per workload."""
    path = DATA / f"reference-{hashlib.sha256(texts.path.read_bytes()).hexdigest()[:16]}.f32"
    if not path.exists():
        progress("computing the reference vectors")
        engine.run(texts, engine.count(texts))
        engine.vectors_path.rename(path)
    return read_vectors(path)


def measure(contestants, texts, rounds):
    """Fills in the contestants' figures and returns the f32 peak of a core in GFLOP/s."""
    ours = contestants[0].throughput_command[0]
    peaks = []
    for turn in range(rounds):
        peaks.append(run_json([ours, "peak", "--threads", CORES])["gflops_per_core"])
        for contestant in contestants:
            contestant.measure_throughput(texts)
            progress(f"round {turn + 1}: {contestant.label}: {contestant.rates[-1]:,.0f} tokens/s")
    for contestant in contestants:
        contestant.measure_query()
    return median(peaks)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--sweep", action="store_true", help="look for the peers' best arrangements again")
    parser.add_argument("--record", action="store_true", help="put the result into bench/RESULTS.md")
    arguments = parser.parse_args()
    DATA.mkdir(parents=True, exist_ok=True)
    features, model = cpu_features(), minilm()
    texts = make_texts(model, arguments.texts)
    contestants, reference_engine = make_contestants(model, features)
    reference = reference_vectors(reference_engine, texts)
    arrange_peers(contestants, texts, arguments.sweep)
    load = os.getloadavg()[0]
    peak_gflops = measure(contestants, texts, arguments.rounds)
    section = report(contestants, texts, features, peak_gflops, reference, load)
    print(section)
    if arguments.record:
        record(section)


if __name__ == "__main__":
    main()
