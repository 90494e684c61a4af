#!/usr/bin/env python3
"""What Python adds to a search, and 5 million rows of SQL into pyarrow, ours against the duckdb package."""
import argparse
import datetime
import json
import os
import subprocess
import sys

import numpy as np

from measuring import JAMMI, ROOT, Finished, artifacts, machine, median, peer_python, record
from search_filtered import DIMENSIONS, PROGRAMS, near, read_vectors, stored_source
from sql import make_tables

BUILD = ROOT / "build" / "bench"
SIDES = ROOT / "bench" / "python_sides.py"
SOURCE_ROWS = 20_000
K = 10
PAIRS = 5  # of processes
SEARCHES = 20  # by each pair
TURNS = 5  # of each side at each search
CALLS = 5  # in a turn, one after the other
ADDED_GOAL_MS = 0.3
RATIO_GOAL = 1.10

# {orders} is the table.
QUERIES = {
    "numbers": "SELECT id, customer, quantity, amount FROM {orders}",
    "numbers and text": "SELECT * FROM {orders}",
}


class Side:
    """A process that stays and answers a line of JSON with another."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **question):
        print(json.dumps(question), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"ended without an answer: {self.process.args}")
        return json.loads(answer)


def added_by_python(cpp, python, source, queries):
    """The milliseconds of C++ and what Python adds to them, medians over the queries. Each search is made by both in
    turn; the quickest call of each side counts, because whatever else the machine does only adds to the others."""
    cpp_times, added = [], []
    for turn, query in enumerate(queries):
        question = {"source": source, "vector": query.tolist(), "k": K, "repeats": CALLS}
        answers = [(cpp.ask(**question), python.ask(**question)) for _ in range(TURNS)]
        if any(by_cpp["ids"] != by_python["ids"] for by_cpp, by_python in answers):
            sys.exit("C++ and Python find different rows")
        if turn > 0:  # the first one warms up
            by_cpp, by_python = (min(min(answer["milliseconds"]) for answer in side) for side in zip(*answers))
            cpp_times.append(by_cpp)
            added.append(by_python - by_cpp)
    return median(cpp_times), median(added)


def compare_searches(pairs, source, vectors):
    """One line of text. Two processes of the same program differ by a tenth of a millisecond and more, by where their
    memory lies: that is why there are several pairs of them, and the median pair counts."""
    generator = np.random.default_rng(5)
    results = [added_by_python(*pair, source, near(vectors, SEARCHES + 1, generator)) for pair in pairs]
    cpp_times, added = (sorted(column) for column in zip(*results))
    return (
        f"search().run(), k = {K} of {len(vectors):,} rows: C++ p50 {median(cpp_times):.3f} ms, Python adds "
        f"{median(added):.3f} ms (goal {ADDED_GOAL_MS}; {added[0]:.3f} to {added[-1]:.3f} in {len(pairs)} pairs of processes)"
    )


def compare_results(ours, theirs, orders, rounds):
    """A line of text for each query, run by both sides in turn."""
    yield f"{'5 million rows into pyarrow':28} {'jammi_ai':>10} {'duckdb':>10} {'ratio':>7} (goal {RATIO_GOAL:.2f})"
    for name, query in QUERIES.items():
        times = []
        for turn in range(rounds + 1):
            us = ours.ask(sql=query.format(orders="orders.public.orders"))
            them = theirs.ask(sql=query.format(orders=f"'{orders}'"))
            if us["content"] != them["content"]:
                sys.exit(f"the two do not agree on: {name}")
            if turn > 0:
                times.append((us["milliseconds"], them["milliseconds"]))
        us, them = (median(column) for column in zip(*times))
        yield f"{name:28} {us:7.0f} ms {them:7.0f} ms {us / them:7.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--record", action="store_true", help="put the result into bench/RESULTS.md")
    arguments = parser.parse_args()
    subprocess.run(["cmake", "--build", BUILD, "--target", "_jammi"], check=True, stdout=sys.stderr)
    environment = artifacts("python", fresh=True) | {"PYTHONPATH": str(BUILD / "python")}
    orders, _ = make_tables()
    Finished([JAMMI, "sources", "add", "orders", "--path", orders], environment)
    file, table = stored_source(f"python_{SOURCE_ROWS}", SOURCE_ROWS, DIMENSIONS, environment)

    pairs = [
        (
            Side([PROGRAMS / "search_bench", file.stem, "-", K, CALLS], environment),
            Side([sys.executable, SIDES, "jammi"], environment),
        )
        for _ in range(PAIRS)
    ]
    duckdb = Side([peer_python("python", "python_requirements.txt"), SIDES, "duckdb"], {})
    lines = [compare_searches(pairs, file.stem, read_vectors(table))]
    lines += compare_results(pairs[0][1], duckdb, orders, arguments.rounds)
    section = "\n".join([f"## python — {datetime.date.today()}, {machine()}", "", "```", *lines, "```"])
    print(section)
    if arguments.record:
        record(section)


if __name__ == "__main__":
    main()
