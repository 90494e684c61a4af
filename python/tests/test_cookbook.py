"""Every script of the cookbook runs and says so."""

import subprocess
import sys

import pytest

from conftest import ROOT

SCRIPTS = sorted((ROOT / "cookbook").glob("quickstart/quickstart.py")) + sorted(
    (ROOT / "cookbook").glob("recipes/*/example.py")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_script_runs(script):
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{script.parent.name}: OK"
    assert (script.parent / "README.md").is_file()


def test_there_are_scripts():
    assert len(SCRIPTS) >= 2
