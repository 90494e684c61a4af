"""Shows the progress of a long call: a bar on a terminal or in a notebook, else a line every few seconds."""

import contextlib
import html
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from ._jammi import Progress

ProgressCallback = Callable[[Progress], object]

_BAR_WIDTH = 20
_SECONDS_BETWEEN_LINES = 5


@contextlib.contextmanager
def reporting(progress: bool | ProgressCallback | None) -> Iterator[ProgressCallback | None]:
    """The callback behind a `progress` argument, for the time of one call.

    None and False mean no callback, True a bar, a callable itself; TypeError for anything else.
    """
    if progress is None or progress is False:
        yield None
    elif callable(progress):
        yield progress
    elif progress is not True:
        raise TypeError(f"progress must be a bool or a callable, not {type(progress).__name__}")
    elif (display := _notebook_display()) is not None:
        yield NotebookBar(display).show
    else:
        line = ProgressLine(sys.stderr)
        try:
            yield line.show
        finally:
            line.close()


class ProgressLine:
    """One line, drawn over on a terminal; elsewhere a new line every few seconds and at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._latest: Progress | None = None
        self._shown: Progress | None = None

    def show(self, progress: Progress) -> None:
        self._latest = progress
        if self._is_terminal:
            self._write("\r", "\x1b[K")  # erases what a longer earlier text leaves behind the new one
        elif progress.elapsed_seconds - self._seconds_shown() >= _SECONDS_BETWEEN_LINES:
            self._write("", "\n")

    def close(self) -> None:
        """Ends the line that is being drawn over, or writes the last state."""
        if self._latest is None:
            return
        if self._is_terminal:
            self._stream.write("\n")
        elif self._shown is not self._latest:
            self._write("", "\n")

    def _write(self, before: str, after: str) -> None:
        assert self._latest is not None
        self._stream.write(before + progress_text(self._latest) + after)
        self._stream.flush()
        self._shown = self._latest

    def _seconds_shown(self) -> float:
        return self._shown.elapsed_seconds if self._shown else 0.0


class NotebookBar:
    """One HTML progress bar that is updated in place."""

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._handle: Any = None

    def show(self, progress: Progress) -> None:
        drawing = _HtmlBar(progress)
        if self._handle is None:
            self._handle = self._display(drawing, display_id=True)
        else:
            self._handle.update(drawing)


class _HtmlBar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __repr__(self) -> str:
        return progress_text(self._progress)

    def _repr_html_(self) -> str:
        total = self._progress.rows_total
        share = f' value="{self._progress.rows_done}" max="{total}"' if total else ""
        return f"<progress{share}></progress> {html.escape(_counts(self._progress))}"


def progress_text(progress: Progress) -> str:
    """ "[=====>              ] 27%  5,400 of 20,000 rows  870 rows/s  52,300 tokens/s  0:17 left"; without a bar and the
    time left while the number of rows is unknown."""
    if not progress.rows_total:
        return _counts(progress)
    share = min(1.0, progress.rows_done / progress.rows_total)
    filled = int(share * _BAR_WIDTH)
    bar = ("=" * filled + ">")[:_BAR_WIDTH].ljust(_BAR_WIDTH)
    return f"[{bar}] {int(share * 100)}%  {_counts(progress)}"


def _counts(progress: Progress) -> str:
    done, total, seconds = progress.rows_done, progress.rows_total, progress.elapsed_seconds
    parts = [f"{done:,} of {total:,} rows" if total else f"{done:,} rows"]
    if progress.rows_failed:
        parts.append(f"{progress.rows_failed:,} failed")
    if seconds > 0:
        parts.append(f"{done / seconds:,.0f} rows/s")
        parts.append(f"{progress.tokens_done / seconds:,.0f} tokens/s")
    if total and 0 < done < total:
        parts.append(f"{_duration(seconds * (total - done) / done)} left")
    return "  ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _notebook_display() -> Callable[..., Any] | None:
    """IPython's `display` when a notebook kernel runs this process, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if type(shell).__name__ != "ZMQInteractiveShell":
        return None
    from IPython.display import display

    return display
