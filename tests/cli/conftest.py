"""Runs the jammi binary that $JAMMI names, each test with an artifact directory and a home of its own."""
import os
import pathlib
import subprocess
import sys

import pytest

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures"
MODEL = FIXTURES / "tiny_bert"
CLASSIFIER = FIXTURES / "tiny_classifier"
CLIP = FIXTURES / "tiny_clip"
IMAGES = FIXTURES / "images"
sys.path.insert(0, str(FIXTURES))


class Jammi:
    """The command line as a user has it in an empty working directory."""

    def __init__(self, directory):
        self.directory = directory
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            "JAMMI_ARTIFACT_DIR": str(directory / "artifacts"),
            "JAMMI_LOGGING__LEVEL": "warn",
        }
        self.command = [os.environ["JAMMI"]]

    def run(self, *arguments, **environment):
        return subprocess.run(
            self.command + list(arguments),
            cwd=self.directory,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def start(self, *arguments, stdout=subprocess.PIPE):
        return subprocess.Popen(
            self.command + list(arguments),
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def succeed(self, *arguments, **environment):
        """What a command prints that must succeed without a word on standard error."""
        result = self.run(*arguments, **environment)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def fail(self, *arguments, **environment):
        """The message of a command that must fail in the engine."""
        result = self.run(*arguments, **environment)
        assert (result.returncode, result.stdout) == (1, ""), result
        assert result.stderr.startswith("Error: ") and result.stderr.endswith("\n"), result
        return result.stderr.removeprefix("Error: ").removesuffix("\n")


@pytest.fixture
def jammi(tmp_path):
    return Jammi(tmp_path)


@pytest.fixture
def books(jammi, tmp_path):
    """A registered source of four books, one of them without text."""
    (tmp_path / "books.csv").write_text(
        "id,title,year\n1,The stars above,1990\n2,A game of chess,2001\n3,,2010\n4,Planets and moons,2020\n"
    )
    jammi.succeed("sources", "add", "books", "--path", "books.csv")
    return jammi
