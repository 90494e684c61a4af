"""Runs one peer over the workload in one arrangement and prints what it took as JSON.

`workers` processes with `threads` threads each take batches of `batch` texts, longest first, or images from one counter.
The clock starts when all of them have loaded the model and computed a few batches, and stops with the last vector.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
import time

import numpy as np

import workload
from engines import ENGINES

QUERY = [101, 2129, 2079, 1045, 16500, 1037, 5371, 102]  # "how do i compress a file"
QUERY_CALLS = 300


def work(arguments, worker, next_batch, start, seconds, cpu_seconds):
    items = workload.open_work(arguments.kind, arguments.workload, arguments.count)
    batches = items.batches(arguments.batch)
    encode = ENGINES[arguments.engine](arguments.model, arguments.threads, arguments.kind)
    vectors = np.memmap(arguments.vectors, np.float32, "r+", shape=(arguments.count, arguments.dimensions))
    for batch in (batches[-1], batches[len(batches) // 2], batches[-1]):
        encode(*items.inputs(batch))
    start.wait()
    began, cpu_began = time.perf_counter(), time.process_time()
    while True:
        with next_batch.get_lock():
            mine = next_batch.value
            next_batch.value += 1
        if mine >= len(batches):
            break
        vectors[batches[mine]] = encode(*items.inputs(batches[mine]))
    seconds[worker] = time.perf_counter() - began
    cpu_seconds[worker] = time.process_time() - cpu_began


def throughput(arguments):
    np.memmap(arguments.vectors, np.float32, "w+", shape=(arguments.count, arguments.dimensions)).flush()
    processes = multiprocessing.get_context("spawn")
    next_batch, start = processes.Value("q", 0), processes.Barrier(arguments.workers)
    seconds, cpu_seconds = (processes.Array("d", arguments.workers) for _ in range(2))
    workers = [
        processes.Process(target=work, args=(arguments, worker, next_batch, start, seconds, cpu_seconds))
        for worker in range(arguments.workers)
    ]
    for process in workers:
        process.start()
    for process in workers:
        process.join()
        if process.exitcode != 0:
            raise SystemExit(f"a worker failed with status {process.exitcode}")
    return {"seconds": max(seconds), "cpu_seconds": sum(cpu_seconds)}


def query_latency(arguments):
    encode = ENGINES[arguments.engine](arguments.model, arguments.threads, arguments.kind)
    query = workload.padded([QUERY])
    times = []
    for _ in range(QUERY_CALLS):
        began = time.perf_counter()
        encode(*query)
        times.append(time.perf_counter() - began)
    return {"query_ms": 1000 * statistics.median(times[QUERY_CALLS // 10 :])}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--query", action="store_true", help="measure one 8-token query instead")
    parser.add_argument("--workload", type=pathlib.Path)
    parser.add_argument("--kind", choices=("vectors", "classes", "images"), default="vectors")
    parser.add_argument("--dimensions", type=int, help="of one answer")
    parser.add_argument("--count", type=int, help="texts or images")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--vectors", type=pathlib.Path, help="where the vectors go, raw float32")
    arguments = parser.parse_args()
    # OpenBLAS beside libgomp would start threads of its own that spin against the others.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": str(arguments.threads)}
    print(json.dumps(query_latency(arguments) if arguments.query else throughput(arguments)))


if __name__ == "__main__":
    main()
