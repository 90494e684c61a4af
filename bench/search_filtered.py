"""Filtered search over random vectors: ours, USearch with a filter afterwards, and an exact scan in NumPy."""
import json
import subprocess
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measuring import JAMMI, ROOT, WORK, Finished, median, peer_python

DIMENSIONS = 384
K = 10
QUERIES = 100
SHARES = [0.5, 0.1, 0.01, 0.001, 0.0001]
PROGRAMS = ROOT / "build" / "bench" / "bench"


def write_source(name, num_rows):
    """A Parquet file of rows with a number `u` spread over [0, 1) and a title, unless it is there; its path."""
    file = WORK / "sources" / f"{name}.parquet"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shares = (np.random.default_rng(3).permutation(num_rows) + 0.5) / num_rows
        texts = pa.array([f"row {row} of a source, as long as a short title" for row in range(num_rows)])
        pq.write_table(pa.table({"id": pa.array(range(num_rows), pa.int64()), "u": shares, "title": texts}), file)
    return file


def stored_source(name, num_rows, dimensions, environment):
    """The file of `write_source` as a source, and the file of its table of random vectors."""
    file = write_source(name, num_rows)
    ready = [
        table
        for table in map(json.loads, Finished([JAMMI, "tables", "list", "--format", "json"], environment).output.splitlines())
        if (table["source"], table["status"]) == (name, "ready")
    ]
    if not ready:
        Finished([JAMMI, "sources", "add", name, "--path", file], environment)
        Finished([PROGRAMS / "store_vectors", name, "id", dimensions], environment)
        return stored_source(name, num_rows, dimensions, environment)
    return file, WORK / environment["JAMMI_ARTIFACT_DIR"] / "jammi_db" / f"{ready[-1]['table']}.parquet"


def read_vectors(table):
    column = pq.read_table(table, columns=["vector"])["vector"].combine_chunks()
    return column.values.to_numpy().reshape(len(column), -1)


def near(vectors, count, generator):
    """Queries that lie near stored vectors."""
    picked = vectors[generator.integers(0, len(vectors), count)]
    return (picked + 0.5 * generator.standard_normal(picked.shape)).astype(np.float32)


def run_ours(source, queries, k, repeats, environment, condition=None):
    asked = {} if condition is None else {"filter": condition}
    lines = "\n".join(json.dumps(asked | {"vector": query.tolist()}) for query in queries)
    command = [PROGRAMS / "search_bench", source, "-", str(k), str(repeats)]
    done = subprocess.run(command, env=environment, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_numpy(unit_vectors, rows, query, k):
    """The k best of `rows`, best first, and the time in milliseconds."""
    started = time.perf_counter()
    similarity = unit_vectors[rows] @ (query / np.linalg.norm(query))
    count = min(k, len(rows))
    best = np.argpartition(-similarity, count - 1)[:count]
    found = rows[best[np.argsort(-similarity[best])]]
    return found, (time.perf_counter() - started) * 1000


def run_usearch(directory, k):
    python = peer_python("search", "search_requirements.txt")
    command = [python, ROOT / "bench" / "search_postfilter.py", directory, k]
    return [json.loads(line) for line in Finished(command).output.splitlines()]


def recall(found, exact):
    return sum(len(set(rows) & set(truth.tolist())) for rows, truth in zip(found, exact)) / sum(map(len, exact))


def measure(num_rows, environment):
    file, table = stored_source(f"filtered_{num_rows}", num_rows, DIMENSIONS, environment)
    vectors = read_vectors(table)
    queries = near(vectors, QUERIES, np.random.default_rng(5))
    numbers = pq.read_table(file, columns=["u"])["u"].to_numpy()
    masks = np.stack([numbers < share for share in SHARES])
    directory = WORK / "filtered"
    directory.mkdir(parents=True, exist_ok=True)
    for name, array in (("vectors", vectors), ("queries", queries), ("masks", masks)):
        np.save(directory / f"{name}.npy", array)
    unit_vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    peers = run_usearch(directory, K)

    print(f"filtered search: {num_rows:,} rows of {DIMENSIONS}, k = {K}, {QUERIES} queries; times are p50 in ms")
    print("          |          jammi                       | USearch, then filter     | NumPy exact")
    print(" matching |   rows  recall  first time   again   |   rows  recall     time  |     time")
    for share, mask, peer in zip(SHARES, masks, peers):
        exact, exact_times = zip(*(run_numpy(unit_vectors, np.flatnonzero(mask), query, K) for query in queries))
        ours = run_ours(file.stem, queries, K, 3, environment, f"u < {share}")
        rows = [[int(key) for key in result["ids"]] for result in ours]
        times = [time for result in ours[1:] for time in result["milliseconds"]]
        print(
            f"{share:9.2%} | {np.mean([len(r) for r in rows]):6.2f}  {recall(rows, exact):6.4f} "
            f"{ours[0]['milliseconds'][0]:10.2f} {median(times):8.2f}   |"
            f" {np.mean([len(r) for r in peer['rows']]):6.2f}  {recall(peer['rows'], exact):6.4f} "
            f"{median(peer['milliseconds']):8.2f}  | {median(exact_times):8.2f}"
        )
