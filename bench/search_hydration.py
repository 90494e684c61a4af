"""Whether showing the rows found takes longer in a large source than in a small one."""
import json

from measuring import JAMMI, Finished, artifacts, median
from search_filtered import PROGRAMS, write_source

SMALL = 50_000
K = 10
QUERIES = 200


def times_of(num_rows):
    """p50 of showing K rows with all columns, from the row store and from the source, whose files have changed since."""
    environment = artifacts("hydration", fresh=True)
    file = write_source(f"hydrated_{num_rows}", num_rows)
    Finished([JAMMI, "sources", "add", file.stem, "--path", file], environment)
    times = json.loads(Finished([PROGRAMS / "hydration_bench", file.stem, "id", K, QUERIES], environment).output)
    return median(times["stored"]), median(times["looked_up"])


def measure(num_rows):
    small, large = times_of(SMALL), times_of(num_rows)
    print(f"showing {K} rows found, p50 in ms      {SMALL:>12,} rows {num_rows:>12,} rows    ratio")
    for name, at_small, at_large in zip(("from the row store (goal 3)", "from a changed source"), small, large):
        print(f"{name:33} {at_small:17.3f} {at_large:17.3f} {at_large / at_small:8.2f}")
