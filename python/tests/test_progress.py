"""How progress=True is drawn."""

import io
import sys
import types

import pytest

from jammi_ai import _progress

from conftest import NUM_PAPERS


def state(done, total=20_000, failed=0, tokens=0, seconds=0.0):
    return types.SimpleNamespace(
        rows_done=done, rows_total=total, rows_failed=failed, tokens_done=tokens, elapsed_seconds=seconds
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (state(0), "[>                   ] 0%  0 of 20,000 rows"),
        (
            state(5400, tokens=324_260, seconds=6.2),
            "[=====>              ] 27%  5,400 of 20,000 rows  871 rows/s  52,300 tokens/s  0:17 left",
        ),
        (state(19_999, seconds=3600.0), "[===================>] 99%  19,999 of 20,000 rows  6 rows/s  0 tokens/s  0:00 left"),
        (state(20_000, failed=3), "[====================] 100%  20,000 of 20,000 rows  3 failed"),
        (state(20_001), "[====================] 100%  20,001 of 20,000 rows"),
        (state(10, seconds=36_000.0), "[>                   ] 0%  10 of 20,000 rows  0 rows/s  0 tokens/s  19990:00:00 left"),
        (state(1234, total=None), "1,234 rows"),
        (state(0, total=0), "0 rows"),
    ],
)
def test_text_of_progress(progress, text):
    assert _progress.progress_text(progress) == text


def test_a_terminal_line_is_drawn_over_and_ended():
    stream = Terminal()
    line = _progress.ProgressLine(stream)
    line.show(state(1, total=2))
    line.show(state(2, total=2))
    line.close()
    first, second = stream.getvalue().split("\r")[1:]
    assert first.startswith("[==========>") and first.endswith("\x1b[K")
    assert second.startswith("[====================] 100%") and second.endswith("\x1b[K\n")


def test_elsewhere_a_line_comes_every_few_seconds_and_at_the_end():
    stream = io.StringIO()
    line = _progress.ProgressLine(stream)
    for second in range(12):
        line.show(state(second, total=12, seconds=float(second)))
    line.close()
    counts = [text.split("%  ")[1].split(" of")[0] for text in stream.getvalue().splitlines()]
    assert counts == ["5", "10", "11"]


def test_a_call_that_reports_nothing_draws_nothing():
    stream = Terminal()
    _progress.ProgressLine(stream).close()
    assert stream.getvalue() == ""


def test_true_draws_on_standard_error(db, model, capsys):
    db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id", progress=True)
    drawn = capsys.readouterr()
    assert f"100%  {NUM_PAPERS} of {NUM_PAPERS} rows  2 failed" in drawn.err
    assert drawn.out == ""


def test_none_and_false_draw_nothing(db, model, capsys):
    for progress in (None, False):
        db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id", progress=progress)
    assert "rows/s" not in capsys.readouterr().err


def test_a_notebook_shows_one_html_bar_that_is_updated(db, model, monkeypatch, capsys):
    shown = []

    class Handle:
        def update(self, drawing):
            shown.append(drawing)

    def display(drawing, *, display_id):
        assert display_id is True and not shown
        shown.append(drawing)
        return Handle()

    shell = type("ZMQInteractiveShell", (), {})()
    notebook = types.ModuleType("IPython")
    notebook.get_ipython = lambda: shell
    notebook.display = types.ModuleType("IPython.display")
    notebook.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook.display)

    db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id", progress=True)
    assert shown[-1]._repr_html_().startswith(f'<progress value="{NUM_PAPERS}" max="{NUM_PAPERS}"></progress> ')
    assert "rows" in repr(shown[-1])
    assert "rows/s" not in capsys.readouterr().err
