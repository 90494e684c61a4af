"""What the rows of a tenant cost, against the same rows chosen by a condition or without anything to choose."""
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measuring import JAMMI, WORK, Finished, median
from sql import Ours

ROWS = 1_000_000
POINT_ROWS = 100_000
STATEMENTS = 300
SCAN_GOAL, POINT_GOAL = 1.10, 1.5
TENANT, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
HEADER = f"{'rows of a tenant':34} {'tenant':>10} {'no tenant':>10} {'ratio':>7} (goals {SCAN_GOAL:.2f}, {POINT_GOAL})"
SCHEMA = [{"name": "id", "type": "Int64"}, {"name": "amount", "type": "Int64"}, {"name": "note", "type": "Utf8"}]


def add_source(name, owners, environment):
    """A Parquet file of ROWS rows, with whose they are unless `owners` is None, as a source without a tenant column."""
    columns = {
        "id": np.arange(ROWS),
        "amount": np.arange(ROWS) * 7919 % 1000,
        "note": np.char.add("note ", (np.arange(ROWS) * 104729 % 50_000).astype(str)),
    }
    if owners is not None:
        columns["owner"] = np.array(owners)[np.arange(ROWS) % len(owners)]
    file = WORK / "data" / f"{name}.parquet"
    pq.write_table(pa.table(columns), file, compression="zstd", row_group_size=120_000)
    Finished([JAMMI, "sources", "add", name, "--path", file], environment)
    return file


def add_scoped_source(name, file, environment):
    """The same file as a source whose column `owner` tells the tenant."""
    link = file.with_name(f"{name}.parquet")
    link.symlink_to(file)
    Finished([JAMMI, "sources", "add", name, "--path", link], environment)
    Finished([JAMMI, "sources", "set-tenant-column", name, "owner"], environment)


def compare(environment):
    """Lines of text; the statements of the two sides are made in turn."""
    whole = add_source("whole", [TENANT], environment)
    half = add_source("half", [TENANT, OTHER], environment)
    add_source("plain", None, environment)
    add_scoped_source("tenant_whole", whole, environment)
    add_scoped_source("tenant_half", half, environment)
    bound, unbound = Ours(environment, TENANT), Ours(environment)
    select = "SELECT id, amount, note FROM {}.public.{}"
    chosen = f" WHERE owner = '{TENANT}' OR owner IS NULL"
    for name in ("whole", "half"):
        scoped = select.format(f"tenant_{name}", f"tenant_{name}")
        yield compared(f"scan, {name}, against WHERE", bound, scoped, unbound, select.format(name, name) + chosen)
    yield compared(
        "scan, whole, against no column", bound, select.format("tenant_whole", "tenant_whole"), unbound,
        select.format("plain", "plain"),
    )  # fmt: skip
    yield compared_points(
        "row of a source", bound, select.format("tenant_whole", "tenant_whole"), unbound, select.format("whole", "whole")
    )
    yield from compare_mutable(bound, unbound, environment)


def compare_mutable(bound, unbound, environment):
    schema = WORK / "data" / "tenant_items.json"
    schema.write_text(json.dumps(SCHEMA))
    create = [JAMMI, "mutable", "create", "--schema", schema, "--primary-key", "id"]
    Finished([*create, "--name", "everybodys"], environment)
    Finished([*create, "--name", "tenants", "--tenant", TENANT], environment)
    values = f"SELECT range, (range * 7919) % 1000, 'note ' || range FROM range({POINT_ROWS})"
    unbound.milliseconds(f"INSERT INTO mutable.public.everybodys {values}")
    bound.milliseconds(f"INSERT INTO mutable.public.tenants {values}")
    select = "SELECT id, amount, note FROM mutable.public.{}"
    yield compared_points(
        "row of a mutable table", bound, select.format("tenants"), unbound, select.format("everybodys"), POINT_ROWS
    )


def compared(kind, bound, scoped, unbound, plain, rounds=11):
    times = [(bound.milliseconds(scoped), unbound.milliseconds(plain)) for _ in range(rounds + 1)]
    return line(kind, times[1:])


def compared_points(kind, bound, scoped, unbound, plain, rows=ROWS):
    keys = np.random.default_rng(5).integers(0, rows, STATEMENTS)
    condition = " WHERE id = {}"
    return line(
        kind,
        [
            (bound.milliseconds(scoped + condition.format(i)), unbound.milliseconds(plain + condition.format(i)))
            for i in keys
        ],
    )


def line(kind, times):
    scoped, plain = (median(column) for column in zip(*times))
    return f"{kind:34} {scoped:7.2f} ms {plain:7.2f} ms {scoped / plain:7.2f}"
