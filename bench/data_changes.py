"""Changes of a mutable table against the same ones by the clients of the database that holds it."""
import json
import re
import sqlite3
import subprocess
import time

import numpy as np

from measuring import JAMMI, WORK, Finished, median

ROWS = 500_000
STATEMENTS = 300
RATIO_GOAL = 2.0
SCHEMA = [
    {"name": "id", "type": "Int64"},
    {"name": "amount", "type": "Int64"},
    {"name": "note", "type": "Utf8", "nullable": True},
]
TABLE = "CREATE TABLE items (id bigint PRIMARY KEY, amount bigint NOT NULL, note text)"
HEADER = f"{'changes':34} {'jammi':>10} {'client':>10} {'ratio':>7} (goal {RATIO_GOAL:.0f})"


def row(i):
    return i, (i * 7919) % 1000, f"note {i}"


class SqliteClient:
    """Python's sqlite3 module on a file as the catalog is: prepared statements, a transaction for each call."""

    name = "SQLite"

    def __init__(self):
        file = WORK / "data" / "client.db"
        self.connection = sqlite3.connect(file, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute(TABLE)

    def insert_all(self):
        rows = [row(i) for i in range(ROWS)]
        started = time.perf_counter()
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)
        self.connection.execute("COMMIT")
        return 1000 * (time.perf_counter() - started)

    def milliseconds(self, statement):
        started = time.perf_counter()
        self.connection.execute(statement).fetchall()
        return 1000 * (time.perf_counter() - started)


class PostgresClient:
    """psql in one process that stays and tells the time of each statement; COPY brings the rows."""

    name = "PostgreSQL"
    TIME = re.compile(r"Time: ([\d.]+) ms")

    def __init__(self, address, password):
        command = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", address]
        environment = {"PGPASSWORD": password, "PATH": "/usr/bin"}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        print("\\timing on", file=self.process.stdin, flush=True)
        self.milliseconds(TABLE)

    def insert_all(self):
        file = WORK / "data" / "items.tsv"
        file.write_text("".join("{}\t{}\t{}\n".format(*row(i)) for i in range(ROWS)))
        return self.milliseconds(f"\\copy items FROM '{file}'", end="")

    def milliseconds(self, statement, end=";"):
        print(statement + end, file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if found := self.TIME.match(line):
                return float(found.group(1))
        raise SystemExit(f"psql ended at: {statement}")


def compare(ours, client, environment):
    """Lines of text: all rows at once, then the medians of statements about one row, made in turn."""
    schema = WORK / "data" / "items.json"
    schema.write_text(json.dumps(SCHEMA))
    Finished([JAMMI, "mutable", "create", "--name", "items", "--schema", schema, "--primary-key", "id"], environment)
    source = f"SELECT range, (range * 7919) % 1000, 'note ' || range FROM range({ROWS})"
    yield line(
        client,
        f"INSERT of {ROWS:,} rows",
        ours.milliseconds(f"INSERT INTO mutable.public.items {source}"),
        client.insert_all(),
    )
    kinds = {
        "UPDATE of a row": "UPDATE {} SET amount = amount + 1 WHERE id = {}",
        "SELECT of a row": "SELECT id, amount, note FROM {} WHERE id = {}",
    }
    for kind, statement in kinds.items():
        times = [
            (
                ours.milliseconds(statement.format("mutable.public.items", i)),
                client.milliseconds(statement.format("items", i)),
            )
            for i in np.random.default_rng(5).integers(0, ROWS, STATEMENTS)
        ]
        yield line(client, kind, *(median(column) for column in zip(*times)))


def line(client, kind, us, them):
    return f"{client.name + ', ' + kind:34} {us:7.2f} ms {them:7.2f} ms {us / them:7.2f}"
