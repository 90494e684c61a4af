"""A database whose catalog lies on a real PostgreSQL server."""

import json
import subprocess
import sys

import pytest
from database_servers import DATABASE, PASSWORD, PostgresServer

import jammi_ai

QUERY = "searching documents by meaning"
IN_ANOTHER_PROCESS = """
import json, sys
import jammi_ai
with jammi_ai.connect(config=sys.argv[1]) as db:
    hits = db.search("papers", query=db.encode_text_query(sys.argv[2], sys.argv[3]), k=3).run()
    print(json.dumps([hits.column("id").to_pylist(), [source["source_id"] for source in db.list_sources()]]))
    db.register_channel("seen", priority=7, columns=[("by", "Utf8")])
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.delete()


@pytest.fixture
def config(server, tmp_path):
    server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", database="postgres")
    server.execute(f"CREATE DATABASE {DATABASE}", database="postgres")
    file = tmp_path / "jammi.toml"
    file.write_text(
        f'artifact_dir = "{tmp_path / "jammi"}"\n[catalog]\nkind = "postgres"\nurl = "{server.url()}"\n'
        "pool_size = 2\nmax_lifetime_secs = 1800\n"
    )
    return file


@pytest.fixture
def db(config, papers):
    with jammi_ai.connect(config=config) as database:
        database.add_source("papers", path=papers, format="parquet")
        yield database


def test_embeddings_are_found_by_a_second_process(db, config, model, server, tmp_path):
    db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id")
    hits = db.search("papers", query=db.encode_text_query(model, QUERY), k=3).run()
    arguments = [sys.executable, "-c", IN_ANOTHER_PROCESS, config, model, QUERY]
    run = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(run.stdout) == [hits.column("id").to_pylist(), ["papers"]]
    assert [channel["channel_id"] for channel in db.list_channels()] == ["vector", "inference", "seen"]
    assert db.sql("SELECT source_id, backend FROM models, result_tables").num_rows == 1
    assert not (tmp_path / "jammi" / "catalog.db").exists()
    assert server.execute("SELECT status, key_column FROM result_tables") == "ready|id"
    assert PASSWORD not in run.stderr


def test_a_restarted_server_is_found_again(db, server):
    server.stop()
    try:
        with pytest.raises(RuntimeError, match=r"Catalog error: .*postgresql://jammi@127\.0\.0\.1:\d+/shop") as failure:
            db.list_sources()
        assert PASSWORD not in str(failure.value)
    finally:
        server.start()
    assert [source["source_id"] for source in db.list_sources()] == ["papers"]
    assert db.sql("SELECT count(*) AS n FROM papers.public.papers").to_pylist() == [{"n": 20}]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "Configuration error: catalog.url is required"),
        ("mysql://ann:geheim@host/db", "Configuration error: catalog.url: the URL has another scheme"),
        ("postgresql://ann:geheim/x@host/db", "Configuration error: catalog.url: the URL's host and port cannot be told"),
        ("postgresql://ann:geheim@127.0.0.1:1/db", r"Catalog error: .*postgresql://ann@127\.0\.0\.1:1/db"),
    ],
)
def test_a_catalog_that_cannot_be_opened_is_named_without_its_password(tmp_path, monkeypatch, capfd, url, message):
    monkeypatch.setenv("JAMMI_CATALOG__KIND", "postgres")
    monkeypatch.setenv("JAMMI_CATALOG__URL", url)
    with pytest.raises(RuntimeError, match=message) as failure:
        jammi_ai.connect(artifact_dir=tmp_path / "jammi")
    assert "geheim" not in str(failure.value)
    assert "geheim" not in capfd.readouterr().err


def test_a_wrong_password_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setenv("JAMMI_CATALOG__KIND", "postgres")
    monkeypatch.setenv("JAMMI_CATALOG__URL", server.url(database="postgres", password="geheim"))
    with pytest.raises(RuntimeError, match="Catalog error: the catalog's server refuses the user: .*authentication failed") as failure:
        jammi_ai.connect(artifact_dir=tmp_path / "jammi")
    assert "geheim" not in str(failure.value)
