"""Whether showing the rows found takes longer in a large source than in a small one."""
import os

import numpy as np

from measuring import median
from search_filtered import near, read_vectors, run_ours, stored_source

DIMENSIONS = 16
SMALL = 50_000
K = 10
QUERIES = 200


def times_of(num_rows, environment):
    """p50 of a search with all columns, from the row store and, once the file was touched, from the source."""
    file, table = stored_source(f"hydrated_{num_rows}", num_rows, DIMENSIONS, environment)
    queries = near(read_vectors(table), QUERIES, np.random.default_rng(5))

    def p50():
        results = run_ours(file.stem, queries, K, 3, environment)
        return median([time for result in results[1:] for time in result["milliseconds"]])

    stored = p50()
    before = file.stat()
    os.utime(file)
    looked_up = p50()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    return stored, looked_up


def measure(num_rows, environment):
    small, large = times_of(SMALL, environment), times_of(num_rows, environment)
    print(f"hydrated search, k = {K}, p50 in ms    {SMALL:>12,} rows {num_rows:>12,} rows    ratio")
    for name, at_small, at_large in zip(("from the row store", "from a changed source"), small, large):
        print(f"{name:33} {at_small:17.2f} {at_large:17.2f} {at_large / at_small:8.2f}")
