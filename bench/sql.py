#!/usr/bin/env python3
"""Five analytic queries over 5 million rows of Parquet, ours against the duckdb command line."""
import csv
import io
import math
import os
import re
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measuring import JAMMI, SQL_BENCH, WORK, Finished, artifacts, machine, median

ROWS = 5_000_000
ROUNDS = 8  # the first one warms up

# {orders} and {customers} are the tables.
QUERIES = {
    "filtered count": "SELECT count(*) AS n, sum(amount) AS total FROM {orders} WHERE quantity > 90 AND region = 'r3'",
    "small groups": "SELECT region, category, avg(amount) AS mean, max(quantity) AS most FROM {orders} "
    "GROUP BY region, category ORDER BY region, category",
    "large groups": "SELECT customer, sum(amount) AS total FROM {orders} GROUP BY customer "
    "ORDER BY total DESC, customer LIMIT 20",
    "join": "SELECT c.country, count(*) AS n, sum(o.amount) AS total FROM {orders} o "
    "JOIN {customers} c ON c.customer = o.customer WHERE o.quantity < 50 GROUP BY c.country ORDER BY c.country",
    "text and sort": "SELECT note, count(*) AS n FROM {orders} WHERE note LIKE '%7_9%' GROUP BY note "
    "ORDER BY n DESC, note LIMIT 20",
}


def make_tables():
    """The same two tables on every machine."""
    WORK.mkdir(parents=True, exist_ok=True)
    orders, customers = WORK / "orders.parquet", WORK / "customers.parquet"
    if not (orders.exists() and customers.exists()):
        random = np.random.default_rng(5)
        customer = random.integers(0, 200_000, ROWS)
        columns = {
            "id": np.arange(ROWS),
            "customer": customer,
            "region": np.char.add("r", (customer % 10).astype(str)),
            "category": np.char.add("c", random.integers(0, 50, ROWS).astype(str)),
            "quantity": random.integers(0, 100, ROWS).astype(np.int32),
            "amount": np.round(random.gamma(2.0, 30.0, ROWS), 2),
            "note": np.char.add("note ", random.integers(0, 50_000, ROWS).astype(str)),
        }
        pq.write_table(pa.table(columns), orders, compression="zstd", row_group_size=120_000)
        numbers = np.arange(200_000)
        pq.write_table(pa.table({"customer": numbers, "country": np.char.add("k", (numbers % 37).astype(str))}), customers)
    return orders, customers


def same_cell(ours, theirs):
    try:
        return math.isclose(float(ours), float(theirs), rel_tol=1e-9)
    except ValueError:
        return ours == theirs


def same_rows(ours, theirs):
    ours, theirs = (list(csv.reader(io.StringIO(text))) for text in (ours, theirs))
    return len(ours) == len(theirs) and all(
        len(a) == len(b) and all(map(same_cell, a, b)) for a, b in zip(ours, theirs)
    )


class Ours:
    """Our SQL layer in one process that stays; it prints the milliseconds each statement took."""

    def __init__(self, environment, tenant=None):
        self.process = subprocess.Popen(
            [SQL_BENCH, *([tenant] if tenant else [])], env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def milliseconds(self, query):
        print(query, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


class Theirs:
    """The duckdb command line in one process that stays; its timer tells the time of each statement."""

    TIMER = re.compile(r"real (\d+\.\d+)")

    def __init__(self):
        self.process = subprocess.Popen(["duckdb", "-csv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        print(".timer on", file=self.process.stdin, flush=True)

    def milliseconds(self, query):
        print(query + ";", file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if line.startswith("Run Time"):
                return 1000 * float(self.TIMER.search(line).group(1))
        raise SystemExit("the duckdb command line ended")


def main():
    orders, customers = make_tables()
    environment = artifacts("sql", fresh=True)
    for name, file in (("orders", orders), ("customers", customers)):
        Finished([JAMMI, "sources", "add", name, "--path", file], environment)

    print(machine())
    print("Statements in a process that stays; then whole processes, start-up and end included.")
    print(f"{'query':16} {'jammi':>10} {'duckdb':>10} {'ratio':>7}   {'jammi':>10} {'duckdb':>10} {'ratio':>7}")
    ours, theirs = Ours(environment), Theirs()
    for name, query in QUERIES.items():
        our_query = query.format(orders="orders.public.orders", customers="customers.public.customers")
        their_query = query.format(orders=f"'{orders}'", customers=f"'{customers}'")
        our_process = [JAMMI, "query", "--format", "csv", our_query]
        their_process = ["duckdb", "-csv", "-c", their_query]
        if not same_rows(Finished(our_process, environment).output, Finished(their_process).output):
            raise SystemExit(f"the two do not agree on: {name}")
        times = [
            (
                ours.milliseconds(our_query),
                theirs.milliseconds(their_query),
                1000 * Finished(our_process, environment).seconds,
                1000 * Finished(their_process).seconds,
            )
            for _ in range(ROUNDS)
        ]
        us, them, our_whole, their_whole = (median(column) for column in zip(*times[1:]))
        print(
            f"{name:16} {us:7.0f} ms {them:7.0f} ms {us / them:7.2f}   "
            f"{our_whole:7.0f} ms {their_whole:7.0f} ms {our_whole / their_whole:7.2f}"
        )


if __name__ == "__main__":
    main()
