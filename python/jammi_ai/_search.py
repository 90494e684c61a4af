"""Searches by vector."""

import html

import pyarrow

from . import _arguments, _jammi


class SearchBuilder:
    """A lazy search for the rows nearest to a query vector; `Database.search` makes it.

        search = db.search("patents", query=vector, k=100)
        search.filter("year > 2020")
        search.sort("similarity", descending=True)
        search.limit(10)
        search.select(["title", "similarity"])
        table = search.run()

    Each step applies to the rows that the steps before it left and returns None. A step checks its names and its syntax
    at once, but no row is read before `run`. A step that raises leaves the builder as it was. `run` may be called once;
    any later call raises RuntimeError "SearchBuilder already consumed by run()".

    The columns are `_row_id` (the key as text), `_source_id`, every column of the source, and `similarity` (float32,
    the cosine of the angle: 1 identical, 0 orthogonal). A source's own column of one of these names is called
    `source_<name>`.
    """

    def __init__(self, search: _jammi.Search, origin: str) -> None:
        self._search = search
        self._steps = [origin]

    def filter(self, predicate: str) -> None:
        """Keeps the rows for which a SQL boolean expression is true, for example "year > 2020 AND title LIKE 'A%'".

        Fewer than k rows may be left. Raises RuntimeError "... Filter parse: ..." for an expression that does not parse
        or that names an unknown column.
        """
        self._search.filter(_arguments.text("predicate", predicate))
        self._steps.append(f"filter({predicate!r})")

    def sort(self, column: str, *, descending: bool = False) -> None:
        """Orders the rows by one column, nulls last either way. RuntimeError for an unknown column.

        Without this step the most similar row comes first.
        """
        self._search.sort(_arguments.text("column", column), _arguments.flag("descending", descending))
        self._steps.append(f"sort({column!r}, descending={descending})")

    def limit(self, n: int) -> None:
        """Keeps the first `n` rows. ValueError for a negative `n`."""
        num_rows = _arguments.whole_number("n", n, at_least=0)
        self._search.limit(num_rows)
        self._steps.append(f"limit({num_rows})")

    def select(self, columns: list[str]) -> None:
        """Keeps the named columns, in that order. RuntimeError for an unknown column.

        `retrieved_by` and `annotated_by` come back in any case.
        """
        names = _arguments.texts("columns", columns)
        self._search.select(names)
        self._steps.append(f"select({names})")

    def run(self) -> pyarrow.Table:
        """Runs the search and returns its rows, at most k, most similar first unless sorted.

        After the columns of the steps come `retrieved_by` and `annotated_by` (lists of str: which channels found the
        row, and which added to it) and `similarity`. A neighbour whose row has left the source is missing. No match is
        a table of no rows with the same columns.
        """
        result = pyarrow.table(self._search.run())
        self._steps.append("run()")
        return result

    def __repr__(self) -> str:
        return f"<SearchBuilder {'.'.join(self._steps)}>"

    def _repr_html_(self) -> str:
        steps = "".join(f"<li><code>{html.escape(step)}</code></li>" for step in self._steps)
        return f"<b>SearchBuilder</b><ol>{steps}</ol>"
