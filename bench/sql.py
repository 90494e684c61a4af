#!/usr/bin/env python3
"""Five analytic queries over 5 million rows of Parquet: `jammi query` against the duckdb command line."""
import csv
import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measuring import JAMMI, WORK, Finished, artifacts, machine, median

ROWS = 5_000_000
ROUNDS = 7

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


def main():
    orders, customers = make_tables()
    environment = artifacts("sql", fresh=True)
    for name, file in (("orders", orders), ("customers", customers)):
        Finished([JAMMI, "sources", "add", name, "--path", file], environment)

    print(machine())
    print(f"{'query':16} {'jammi':>10} {'duckdb':>10} {'ratio':>7}")
    for name, query in QUERIES.items():
        ours = [JAMMI, "query", "--format", "csv"]
        ours.append(query.format(orders="orders.public.orders", customers="customers.public.customers"))
        theirs = ["duckdb", "-csv", "-c", query.format(orders=f"'{orders}'", customers=f"'{customers}'")]
        if not same_rows(Finished(ours, environment).output, Finished(theirs).output):
            raise SystemExit(f"the two do not agree on: {name}")
        our_times, their_times = [], []
        for _ in range(ROUNDS):
            our_times.append(Finished(ours, environment).seconds)
            their_times.append(Finished(theirs).seconds)
        us, them = median(our_times), median(their_times)
        print(f"{name:16} {1000 * us:7.0f} ms {1000 * them:7.0f} ms {us / them:7.2f}")


if __name__ == "__main__":
    main()
