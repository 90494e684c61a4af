"""Tables of polars and duckdb, which the platform does not have, in an environment of their own."""

import pathlib
import subprocess
import venv

import pytest

from conftest import ROOT

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def python():
    """The interpreter of build/producers-venv, which is made once and sees the platform's packages, too."""
    requirements = HERE / "requirements.txt"
    directory = ROOT / "build" / "producers-venv"
    interpreter, stamp = directory / "bin" / "python", directory / "stamp"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        venv.create(directory, clear=True, with_pip=True, system_site_packages=True)
        install = [interpreter, "-m", "pip", "install", "--quiet", "--requirement", requirements]
        subprocess.run(install, check=True)
        stamp.write_text(requirements.read_text())
    return interpreter


def test_tables_of_polars_and_duckdb_go_in_and_results_become_theirs(python, tmp_path):
    done = subprocess.run(
        [python, HERE / "foreign_tables.py", tmp_path / "jammi"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
