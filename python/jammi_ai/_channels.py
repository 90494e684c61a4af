"""Merging what provenance channels contribute into results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow

from . import _arguments, _jammi
from ._database import Database

Contributions = Mapping[str, Sequence[Any]] | Iterable[tuple[str, Sequence[Any]]]
"""What channels add to one batch: for each channel its Arrow or NumPy arrays, as a dict or as pairs."""


def merge_channels(
    db: Database,
    batches: Iterable[Any],
    participating: Iterable[str],
    retrieved_by: Iterable[str],
    annotated_by: Iterable[str],
    contributions: Iterable[Contributions],
) -> list[pyarrow.Table]:
    """Gives tables, for example results of a search, the columns of provenance channels.

        hits = search.run()
        scores = {"scored_by": [pyarrow.array(["bm25"] * len(hits)), numpy.float32(rescored)]}
        [merged] = jammi_ai.merge_channels(
            db, [hits], ["vector", "scored_by"], retrieved_by=["vector", "scored_by"], annotated_by=[],
            contributions=[scores],
        )

    Each result has the columns of its table, then `retrieved_by` and `annotated_by` (replaced where the table has
    them), then the columns of the participating channels by priority and as declared. A participating channel without
    a contribution to a table keeps the column of its name that the table has (as `similarity` of a search) and is null
    where there is none.

    Args:
        db: The database that knows the channels.
        batches: Tables; any object that has `__arrow_c_stream__`.
        participating: The channels whose columns the results have.
        retrieved_by: The channels that found the rows.
        annotated_by: The channels that added to them afterwards.
        contributions: For each table what channels add to it: {channel: arrays}, with an Arrow or NumPy array
            for each declared column, in that order, of the declared type and as long as the table.

    Returns:
        As many tables as `batches` has. No array in one chunk is copied.

    Raises:
        RuntimeError: A channel is not registered ("channel 'x': not registered"), a contribution does not fit
            ("batch 0: channel 'x' column 'y' has 3 rows, expected 2"), or a table has a contributed column already.
        TypeError: What should be a table or an array is none.
    """
    if not isinstance(db, Database):
        raise TypeError(f"db must be a Database, not {type(db).__name__}")
    tables = [
        _jammi.Table(_arguments.arrow_table(f"batches[{position}]", batch))
        for position, batch in enumerate(_arguments.items("batches", batches))
    ]
    merged = db._session.merge_channels(
        tables,
        _arguments.texts("participating", participating),
        _arguments.texts("retrieved_by", retrieved_by),
        _arguments.texts("annotated_by", annotated_by),
        [
            _contributions(f"contributions[{position}]", of_batch)
            for position, of_batch in enumerate(_arguments.items("contributions", contributions))
        ],
    )
    return [pyarrow.table(table) for table in merged]


def _contributions(name: str, value: Contributions) -> list[tuple[str, list[_jammi.Table]]]:
    pairs = list(value.items()) if isinstance(value, Mapping) else _arguments.items(name, value)
    converted = []
    for position, pair in enumerate(pairs):
        channel, arrays = _arguments.pair(f"{name}[{position}]", pair)
        channel = _arguments.text(f"channel of {name}[{position}]", channel)
        columns = _arguments.items(f"contribution of {channel!r} in {name}", arrays)
        converted.append((channel, [_column(f"array {i} of {channel!r} in {name}", a) for i, a in enumerate(columns)]))
    return converted


def _column(name: str, array: Any) -> _jammi.Table:
    """An array as a table of one column. A list is refused: its values do not tell their type."""
    if hasattr(array, "__arrow_c_stream__"):
        column = pyarrow.chunked_array(array)
    elif hasattr(array, "__arrow_c_array__") or hasattr(array, "__array__"):
        column = pyarrow.array(array)
    else:
        raise TypeError(f"{name} must be an Arrow or NumPy array, not {type(array).__name__}")
    return _jammi.Table(pyarrow.table({"": column}))
