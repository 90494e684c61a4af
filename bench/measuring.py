"""What the benchmarks share: running processes, describing the machine, the corpus and the model."""
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench-data"
JAMMI = ROOT / "build" / "bench" / "src" / "cli" / "jammi"
SQL_BENCH = ROOT / "build" / "bench" / "bench" / "sql_bench"
RESULTS = ROOT / "bench" / "RESULTS.md"


def machine():
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown CPU"
    )
    return f"{model}, {os.cpu_count()} threads, {platform.system()} {platform.release()}"


class Finished:
    """A process that has run: its wall time, its peak memory and what it printed."""

    def __init__(self, command, environment=None):
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.perf_counter() - started
        self.peak_megabytes = usage.ru_maxrss / 1024
        if process.returncode != 0:
            sys.exit(f"exit status {process.returncode}: {' '.join(map(str, command))}")


def artifacts(name, fresh=False):
    """The environment of a jammi that keeps its data in a directory of the benchmark's own and makes every search."""
    directory = WORK / name
    if fresh:
        shutil.rmtree(directory, ignore_errors=True)
    return {
        "JAMMI_ARTIFACT_DIR": str(directory),
        "JAMMI_CACHE__ANN_CACHE_ENABLED": "false",
        "JAMMI_LOGGING__LEVEL": "warn",
    }


def peer_python(name, requirements):
    """The Python of build/NAME-venv, which sees the platform's packages; made once."""
    directory = ROOT / "build" / f"{name}-venv"
    python, stamp = directory / "bin" / "python", directory / "stamp"
    wanted = (ROOT / "bench" / requirements).read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(directory, clear=True, with_pip=True, system_site_packages=True)
        pip = [python, "-m", "pip", "install", "-q", "-r", ROOT / "bench" / requirements]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    return python


def record(section):
    """Puts a section "## NAME ..." into RESULTS.md, in place of the one of that name."""
    sections, name = {}, ""
    for line in RESULTS.read_text().splitlines(keepends=True):
        name = line.split()[1] if line.startswith("## ") else name
        sections[name] = sections.get(name, "") + line
    sections[section.split()[1]] = section
    RESULTS.write_text("\n\n".join(part.strip("\n") for part in sections.values()) + "\n")


def corpus():
    directory = ROOT / "build" / "quickstart"
    subprocess.run([ROOT / "scripts" / "make_corpus.py", directory], check=True, stdout=sys.stderr)
    return directory


def minilm():
    directory = pathlib.Path.home() / ".cache" / "jammi" / "models" / "all-MiniLM-L6-v2"
    subprocess.run([ROOT / "scripts" / "fetch_minilm.py", directory], check=True, stdout=sys.stderr)
    return directory


def median(values):
    return statistics.median(values)
