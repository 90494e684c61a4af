#!/usr/bin/env python3
"""Rows out of PostgreSQL and MariaDB, changes of mutable tables against other clients, and what tenants cost."""
import argparse
import datetime
import subprocess
import sys
import time

import data_changes
import data_tenants
from measuring import JAMMI, ROOT, Finished, artifacts, machine, median, record
from sql import Ours, Theirs

sys.path.insert(0, str(ROOT / "python" / "tests"))
from database_servers import DATABASE, PASSWORD, USER, MariadbServer, PostgresServer  # noqa: E402

ROWS = 1_000_000
RATIO_GOAL = 1.15
COLUMNS = "id bigint PRIMARY KEY, customer integer, amount double precision, region varchar(8), note varchar(40), day date"
POSTGRES_ROWS = f"""
INSERT INTO orders SELECT i, (i * 7919) % 200000, (i % 100000) / 100.0, 'r' || i % 10, 'note ' || (i * 104729) % 50000,
    date '2020-01-01' + (i % 2000)::integer FROM generate_series(1, {ROWS}::bigint) i;
"""
MARIADB_ROWS = f"""
INSERT INTO orders SELECT seq, (seq * 7919) % 200000, (seq % 100000) / 100.0, concat('r', seq % 10),
    concat('note ', (seq * 104729) % 50000), date_add('2020-01-01', interval seq % 2000 day) FROM seq_1_to_{ROWS};
"""


def seconds_of(command, environment=None):
    started = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


class Postgres:
    name, client, extension = "PostgreSQL", "psql", "postgres"

    def __init__(self):
        self.server = PostgresServer()

    def fill(self):
        self.server.execute(f"CREATE DATABASE {DATABASE}", database="postgres")
        self.server.execute(f"CREATE TABLE orders ({COLUMNS}); {POSTGRES_ROWS} ANALYZE orders;")

    def export(self):
        """The seconds that the server's client takes to write the table."""
        address = f"host=127.0.0.1 port={self.server.port} user={USER} dbname={DATABASE}"
        return seconds_of(["psql", "-Xq", address, "-c", "COPY orders TO STDOUT"], {"PGPASSWORD": PASSWORD, "PATH": "/usr/bin"})

    def address(self):
        return self.server.url()


class Mariadb:
    name, client, extension = "MariaDB", "mariadb", "mysql"

    def __init__(self):
        self.server = MariadbServer()

    def fill(self):
        self.server.execute(f"CREATE DATABASE {DATABASE}; CREATE USER {USER} IDENTIFIED BY '{PASSWORD}'; "
                            f"GRANT ALL ON {DATABASE}.* TO {USER}", database="mysql")  # fmt: skip
        self.server.execute(f"CREATE TABLE orders ({COLUMNS}); {MARIADB_ROWS} ANALYZE TABLE orders;")

    def export(self):
        command = ["mariadb", "--no-defaults", "--quick", "-B", "-S", str(self.server.socket), "-u", "root", DATABASE]
        return seconds_of([*command, "-e", "SELECT * FROM orders"])

    def address(self):
        return self.server.url()


def compare_scans(database, ours, rounds):
    """A line of text: the medians of `rounds` scans of each side, made in turn."""
    theirs = Theirs()
    theirs.milliseconds(f"ATTACH '{database.address()}' AS raw (TYPE {database.extension}, READ_ONLY)")
    schema = "public" if database.extension == "postgres" else DATABASE
    times = []
    for turn in range(rounds + 1):
        times.append(
            (
                ours.milliseconds(f"SELECT * FROM {database.extension}.public.orders"),
                theirs.milliseconds(f"CREATE OR REPLACE TEMP TABLE copied AS SELECT * FROM raw.{schema}.orders"),
                1000 * database.export(),
            )
        )
    us, raw, client = (median(column) for column in zip(*times[1:]))
    return (
        f"{database.name:10} {us:8.0f} ms {raw:8.0f} ms {us / raw:6.2f} {client:8.0f} ms ({database.client}) {us / client:6.2f}"
    )


def compare_changes_in(postgres):
    """Lines of text about a catalog, and so mutable tables, in PostgreSQL."""
    for database in ("catalog", "client"):
        postgres.server.execute(f"CREATE DATABASE {database}", database="postgres")
    environment = artifacts("data_postgres", fresh=True)
    environment |= {"JAMMI_CATALOG__KIND": "postgres", "JAMMI_CATALOG__URL": postgres.server.url("catalog")}
    client = data_changes.PostgresClient(f"host=127.0.0.1 port={postgres.server.port} user={USER} dbname=client", PASSWORD)
    return data_changes.compare(Ours(environment), client, environment)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--record", action="store_true", help="put the result into bench/RESULTS.md")
    arguments = parser.parse_args()
    environment = artifacts("data", fresh=True)
    databases = []
    lines = [f"{ROWS:,} rows into Arrow      jammi    duckdb  ratio (goal {RATIO_GOAL}), and the server's client's export"]
    try:
        for make in (Postgres, Mariadb):
            databases.append(make())
            databases[-1].fill()
            add = [JAMMI, "sources", "add", databases[-1].extension, "--url", databases[-1].address()]
            Finished(add, environment)
        ours = Ours(environment)
        lines += [compare_scans(database, ours, arguments.rounds) for database in databases]
        lines += ["", data_changes.HEADER]
        lines += data_changes.compare(ours, data_changes.SqliteClient(), environment)
        lines += compare_changes_in(databases[0])
        lines += ["", data_tenants.HEADER]
        lines += data_tenants.compare(environment)
    finally:
        for database in databases:
            database.server.delete()
    section = "\n".join([f"## data — {datetime.date.today()}, {machine()}", "", "```", *lines, "```"])
    print(section)
    if arguments.record:
        record(section)


if __name__ == "__main__":
    main()
