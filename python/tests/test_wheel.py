"""A wheel, installed into a virtual environment of its own, runs the quickstart."""

import os
import pathlib
import subprocess
import venv

import pytest

from conftest import ROOT


def run(*command, cwd="/"):
    """Runs a command that cannot see the package in the build tree, and returns what it prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment that has the wheel; of the platform's packages it sees pyarrow."""
    wheel = run(ROOT / "scripts" / "dev" / "wheel").splitlines()[-1]
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=True, system_site_packages=True)
    interpreter = directory / "bin" / "python"
    run(interpreter, "-m", "pip", "install", "--quiet", "--no-index", ROOT / wheel)
    return interpreter


def test_the_package_comes_from_the_wheel_with_its_types(python):
    package = pathlib.Path(run(python, "-c", "import jammi_ai; print(*jammi_ai.__path__)").strip())
    assert package.is_relative_to(python.parents[1])
    assert {"py.typed", "_jammi.pyi", "__init__.py"} <= {file.name for file in package.iterdir()}


def test_the_version_is_that_of_the_engine(python):
    script = "import jammi_ai, importlib.metadata as m; print(jammi_ai.__version__ == m.version('jammi_ai'))"
    assert run(python, "-c", script).strip() == "True"


def test_the_quickstart_runs(python, tmp_path):
    printed = run(python, ROOT / "cookbook" / "quickstart" / "quickstart.py", cwd=tmp_path)
    assert printed.splitlines()[-1] == "quickstart: OK"
