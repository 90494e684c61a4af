#!/usr/bin/env python3
"""Recall@10 of vector search against an exact scan, and its latency with all source columns, on 20,000 packages."""
import json
import os
import pathlib
import subprocess

import numpy as np
import pyarrow.parquet as pq

from measuring import JAMMI, ROOT, Finished, artifacts, corpus, machine, median, minilm

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
    command = [ROOT / "build" / "bench" / "bench" / "search_bench", SOURCE, f"local:{model}", str(K), str(REPEATS)]
    finished = subprocess.run(
        command, env=environment, input="\n".join(texts), stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in finished.stdout.splitlines()]


def exact_neighbours(vectors, keys, query):
    """Keys of the K nearest rows and the similarity of the last: a tie with it is a hit, too."""
    similarity = vectors @ query
    best = np.argpartition(-similarity, K)[:K]
    threshold = similarity[best].min() - 1e-6
    return {keys[i] for i in np.flatnonzero(similarity >= threshold)}


def main():
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
    print(machine())
    print(f"{len(results)} queries over {len(keys):,} rows, k = {K}")
    print(f"recall@{K}: {hits / (K * len(results)):.4f}")
    print(f"search with source columns: p50 {median(times):.2f} ms, p99 {np.percentile(times, 99):.2f} ms")


if __name__ == "__main__":
    main()
