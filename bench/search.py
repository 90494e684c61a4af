#!/usr/bin/env python3
"""Recall@10 and latency of search on 20,000 packages, of filtered search, and of showing rows of a large source."""
import argparse
import json
import os
import pathlib
import subprocess

import numpy as np
import pyarrow.parquet as pq

import search_filtered
import search_hydration
from measuring import JAMMI, Finished, artifacts, corpus, machine, median, minilm

SOURCE = "packages_20k"
K = 10
REPEATS = 5
# Short descriptions of packages that are not in the sample serve as queries.
QUERIES = 400


def embedded_source(environment, data, model):
    """The directory's table of the sample, embedded on the first run."""
    listing = Finished([JAMMI, "tables", "list", "--format", "json"], environment).output
    ready = [table for table in map(json.loads, listing.splitlines()) if table["status"] == "ready"]
    if not ready:
        Finished([JAMMI, "sources", "add", SOURCE, "--path", data / f"{SOURCE}.parquet"], environment)
        Finished(
            [JAMMI, "embed", SOURCE, "--model", model, "--columns", "name,short_description", "--key", "name"],
            environment,
        )
        return embedded_source(environment, data, model)
    return ready[-1]["table"]


def query_texts(data):
    known = set(pq.read_table(data / f"{SOURCE}.parquet", columns=["name"])["name"].to_pylist())
    packages = pq.read_table(data / "packages.parquet", columns=["name", "short_description"]).to_pylist()
    others = [package["short_description"] for package in packages if package["name"] not in known]
    return others[:: len(others) // QUERIES][:QUERIES]


def run_searches(environment, model, texts):
    command = [search_filtered.PROGRAMS / "search_bench", SOURCE, f"local:{model}", str(K), str(REPEATS)]
    lines = "\n".join(json.dumps({"text": text}) for text in texts)
    finished = subprocess.run(command, env=environment, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in finished.stdout.splitlines()]


def exact_neighbours(vectors, keys, query):
    """Keys of the K nearest rows and the similarity of the last: a tie with it is a hit, too."""
    similarity = vectors @ query
    best = np.argpartition(-similarity, K)[:K]
    threshold = similarity[best].min() - 1e-6
    return {keys[i] for i in np.flatnonzero(similarity >= threshold)}


def measure_packages():
    data, model = corpus(), minilm()
    environment = os.environ | artifacts("search")
    table = embedded_source(environment, data, model)
    stored = pq.read_table(next(pathlib.Path(environment["JAMMI_ARTIFACT_DIR"]).glob(f"jammi_db/**/{table}.parquet")))
    vectors = np.stack(stored["vector"].to_numpy())
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = stored["_row_id"].to_pylist()

    results = run_searches(environment, model, query_texts(data))
    hits = sum(
        len(set(result["ids"]) & exact_neighbours(vectors, keys, np.array(result["vector"], dtype=np.float32)))
        for result in results
    )
    times = [time for result in results for time in result["milliseconds"]]
    print(f"{len(results)} queries over {len(keys):,} rows, k = {K}")
    print(f"recall@{K}: {hits / (K * len(results)):.4f}")
    print(f"search with source columns: p50 {median(times):.2f} ms, p99 {np.percentile(times, 99):.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="packages, filtered or hydration; all if left out")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of filtered search")
    parser.add_argument("--source-rows", type=int, default=5_000_000, help="rows of the large source")
    arguments = parser.parse_args()
    environment = os.environ | artifacts("search-random")
    parts = {
        "packages": measure_packages,
        "filtered": lambda: search_filtered.measure(arguments.rows, environment),
        "hydration": lambda: search_hydration.measure(arguments.source_rows),
    }
    for name in arguments.parts:
        if name not in parts:
            parser.error(f"no such part: {name}")
    print(machine())
    for name in arguments.parts or parts:
        parts[name]()


if __name__ == "__main__":
    main()
