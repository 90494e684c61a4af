"""Filters what USearch finds, the way of an index that knows no filter. Run by search_filtered.py.

usage: search_postfilter.py DIRECTORY K   with vectors.npy, queries.npy and masks.npy (one row per filter)

Prints, for each filter, one JSON object with the rows found for each query and the time of each search.
"""
import json
import pathlib
import sys
import time

import numpy as np
from usearch.index import Index


def search(index, query, k, mask):
    started = time.perf_counter()
    keys = index.search(query, k).keys
    found = keys[mask[keys]]
    return found.tolist(), (time.perf_counter() - started) * 1000


def main():
    directory, k = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    vectors = np.load(directory / "vectors.npy")
    index = Index(ndim=vectors.shape[1], metric="cos", dtype="f16", connectivity=16, expansion_add=128)
    index.add(np.arange(len(vectors)), vectors)
    queries = np.load(directory / "queries.npy")
    for mask in np.load(directory / "masks.npy"):
        found, milliseconds = zip(*(search(index, query, k, mask) for query in queries))
        print(json.dumps({"rows": found, "milliseconds": milliseconds}))


if __name__ == "__main__":
    main()
