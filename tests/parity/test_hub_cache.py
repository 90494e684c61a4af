"""The hub cache is one with that of Hugging Face's own tools: each reads what the other has fetched."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from hub_server import COMMIT, HubServer  # noqa: E402

REPOSITORY = "org/tiny"

DOWNLOAD = """
import sys, huggingface_hub
print(huggingface_hub.snapshot_download(sys.argv[1], local_files_only=sys.argv[2] == "offline"))
"""


@pytest.fixture
def hub(tmp_path):
    directory = tmp_path / "repository"
    shutil.copytree(FIXTURES / "tiny_bert", directory)
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    (directory / "modules.json").write_text(json.dumps(
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]))
    with HubServer(REPOSITORY, directory) as server:
        yield server


def run(command, hub, home, offline=False):
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1" if offline else "0",
                   "HF_HUB_DISABLE_XET": "1"}
    for name in ("HF_HUB_CACHE", "HF_TOKEN", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        environment.pop(name, None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def embed(hub, home, tmp_path, offline):
    texts = tmp_path / "texts.json"
    texts.write_text('["the quick brown fox"]')
    return json.loads(run([os.environ["JAMMI_PARITY_DUMP"], REPOSITORY, "f32", texts], hub, home, offline))


def test_jammi_reads_what_the_python_library_fetched(hub, tmp_path):
    home = tmp_path / "home"
    run([sys.executable, "-c", DOWNLOAD, REPOSITORY, "online"], hub, home)
    hub.requests.clear()
    offline = embed(hub, home, tmp_path, offline=True)
    assert embed(hub, home, tmp_path, offline=False) == offline
    assert hub.requests == []


def test_the_python_library_reads_what_jammi_fetched(hub, tmp_path):
    home = tmp_path / "home"
    embed(hub, home, tmp_path, offline=False)
    snapshot = pathlib.Path(run([sys.executable, "-c", DOWNLOAD, REPOSITORY, "offline"], hub, home, offline=True).strip())
    assert snapshot.name == COMMIT
    for name in ("config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json", "modules.json"):
        assert (snapshot / name).read_bytes() == hub.files[name]


def test_the_python_library_adds_only_what_jammi_left_out(hub, tmp_path):
    home = tmp_path / "home"
    embed(hub, home, tmp_path, offline=False)
    hub.requests.clear()
    run([sys.executable, "-c", DOWNLOAD, REPOSITORY, "online"], hub, home)
    fetched = {path.rpartition("/")[2] for method, path in hub.requests if method == "GET" and "/resolve/" in path}
    assert fetched == {"vocab.txt"}
