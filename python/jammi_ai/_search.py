"""Searches by vector."""

import html
import os
from collections.abc import Sequence

import pyarrow

from . import _arguments, _jammi
from ._model_task import ModelTask


class SearchBuilder:
    """A lazy search for the rows nearest to a query vector; `Database.search` makes it.

        search = db.search("patents", query=vector, k=100, filter="year > 2020")
        search.join("assignees", on="assignee_id=id")
        search.filter("country = 'US'")
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

    def join(self, source: str, *, on: str, how: str | None = None) -> None:
        """Adds the columns of another source's first table.

        Args:
            source: A registered source.
            on: "<column of the search>=<column of the source>". Columns of different types are compared as text, unless
                both are numbers.
            how: "left" (the default) keeps rows without a match, with None in the new columns; "inner" drops them. A row
                that has several matches comes several times.

        A column whose name is taken is called `<source>_<name>`.

        Raises:
            RuntimeError: "Source error: ..." for an unknown source; an unknown column; an `on` without "="; a column for
                which both names are taken.
            ValueError: Another `how`.
        """
        kind = "left" if how is None else _arguments.text("how", how)
        if kind not in ("left", "inner"):
            raise ValueError(f"how must be 'left' or 'inner', not {_arguments.shown(how)}")
        self._search.join(_arguments.text("source", source), _arguments.text("on", on), kind)
        self._steps.append(f"join({_arguments.shown(source)}, on={_arguments.shown(on)}, how={kind!r})")

    def annotate(self, *, model: str | os.PathLike[str], task: ModelTask | str, columns: Sequence[str]) -> None:
        """Adds what a model says about the text of columns, joined by one space.

        The task's columns are those of `Database.infer`: `vector`; `label`, `confidence` and `all_scores_json`; or
        `entities`; None for a row without text. Every task adds `inference_model`, `inference_task` and
        `inference_confidence` (the `confidence` of classification; None for a task that has none),
        and `annotated_by` becomes ["inference"]. The model is loaded at once, so that later steps can use its columns;
        the rows wait for `run`.

        Args:
            model, task: As in `Database.infer`.
            columns: Columns of the rows so far; what is no text is read as SQL prints it.

        Raises:
            RuntimeError: "Model error: ..." for a model that cannot be found, cannot be loaded or does not do the task;
                an unknown column; a new column whose name the rows have already.
            TypeError: A task that is none.
            KeyboardInterrupt: Ctrl-C.
        """
        names = _arguments.texts("columns", columns)
        word = _arguments.task("task", task)
        self._search.annotate(_arguments.model("model", model), word, names)
        self._steps.append(
            f"annotate(model={_arguments.shown(str(model))}, task={word!r}, columns={_arguments.shown(names)})"
        )

    def filter(self, predicate: str) -> None:
        """Keeps the rows for which a SQL boolean expression is true, for example "year > 2020 AND title LIKE 'A%'".

        Fewer than k rows may be left; the `filter` of `Database.search` leaves k. Raises RuntimeError
        "... Filter parse: ..." for an expression that does not parse or that names an unknown column.
        """
        self._search.filter(_arguments.text("predicate", predicate))
        self._steps.append(f"filter({_arguments.shown(predicate)})")

    def sort(self, column: str, *, descending: bool = False) -> None:
        """Orders the rows by one column, nulls last either way. RuntimeError for an unknown column.

        Without this step the most similar row comes first.
        """
        self._search.sort(_arguments.text("column", column), _arguments.flag("descending", descending))
        self._steps.append(f"sort({_arguments.shown(column)}, descending={descending})")

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
        self._steps.append(f"select({_arguments.shown(names)})")

    def explain(self) -> str:
        """What `run` would do: how the k rows are found and why, then a line for each step in the order called.

        The way is one of index, exact scan, filtered index and filtered exact scan. Rows are read only to count those
        that meet the `filter` of `Database.search`.
        """
        return self._search.explain()

    def run(self) -> pyarrow.Table:
        """Runs the search and returns its rows, at most k, most similar first unless sorted.

        After the columns of the steps come `retrieved_by` and `annotated_by` (lists of str: which channels found the
        row, and which added to it), `similarity` and, after `annotate`, the `inference_` columns. A neighbour whose row
        has left the source is missing. No match is a table of no rows with the same columns.
        """
        result = pyarrow.table(self._search.run())
        self._steps.append("run()")
        return result

    def __repr__(self) -> str:
        return f"<SearchBuilder {'.'.join(self._steps)}>"

    def _repr_html_(self) -> str:
        steps = "".join(f"<li><code>{html.escape(step)}</code></li>" for step in self._steps)
        return f"<b>SearchBuilder</b><ol>{steps}</ol>"
