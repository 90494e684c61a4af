"""Fixtures: a database in a fresh directory, a source of twenty papers, and the tiny models of tests/fixtures."""

import os
import pathlib

import pyarrow
import pyarrow.parquet
import pytest
from database_servers import DATABASE, PASSWORD, TABLES, MariadbServer, PostgresServer

import jammi_ai

ROOT = pathlib.Path(__file__).resolve().parents[2]
NUM_PAPERS = 20
TOPICS = ["solar panels and batteries", "cooking rice with fish", "searching documents by meaning", "the old city"]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch, tmp_path):
    """Keeps the settings of whoever runs the tests out of them."""
    for name in os.environ:
        if name.startswith("JAMMI_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def model():
    return ROOT / "tests" / "fixtures" / "tiny_bert"


@pytest.fixture
def clip():
    """An OpenCLIP model that knows colours and shapes."""
    return ROOT / "tests" / "fixtures" / "tiny_clip"


@pytest.fixture
def classifier():
    return ROOT / "tests" / "fixtures" / "tiny_classifier"


@pytest.fixture
def ner():
    return ROOT / "tests" / "fixtures" / "tiny_ner"


@pytest.fixture
def papers(tmp_path):
    """A Parquet file with the columns id (0 to 19), title (one empty, one null), year (2010 to 2029) and rating."""
    titles = [f"Report {number} about {TOPICS[number % len(TOPICS)]}" for number in range(NUM_PAPERS)]
    titles[18], titles[19] = "", None
    table = pyarrow.table(
        {
            "id": pyarrow.array(range(NUM_PAPERS), pyarrow.int64()),
            "title": titles,
            "year": pyarrow.array(range(2010, 2010 + NUM_PAPERS), pyarrow.int32()),
            "rating": [None if number % 5 == 0 else number / 10 for number in range(NUM_PAPERS)],
        }
    )
    file = tmp_path / "papers.parquet"
    pyarrow.parquet.write_table(table, file)
    return file


@pytest.fixture
def db(tmp_path, papers):
    """A database with the source `papers`."""
    with jammi_ai.connect(artifact_dir=tmp_path / "jammi") as database:
        database.add_source("papers", path=papers, format="parquet")
        yield database


@pytest.fixture
def embedded(db, model):
    """The same with the titles embedded."""
    db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id")
    return db


@pytest.fixture
def many_rows(db, tmp_path):
    """Adds the source `many`: 20,000 rows of text, which take seconds to embed."""
    table = pyarrow.table({"id": range(20_000), "text": [f"row {number} " + "word " * 60 for number in range(20_000)]})
    pyarrow.parquet.write_table(table, tmp_path / "many.parquet")
    db.add_source("many", path=tmp_path / "many.parquet", format="parquet")
    return db


@pytest.fixture(scope="session")
def postgres():
    server = PostgresServer()
    server.execute(f"CREATE DATABASE {DATABASE}", database="postgres")
    server.execute(TABLES)
    yield server
    server.delete()


@pytest.fixture(scope="session")
def mariadb():
    server = MariadbServer()
    server.execute(
        f"CREATE DATABASE {DATABASE}; CREATE USER jammi@'%' IDENTIFIED BY '{PASSWORD}';"
        "GRANT ALL ON *.* TO jammi@'%';",
        database="mysql",
    )
    server.execute(TABLES)
    yield server
    server.delete()


@pytest.fixture(params=["postgres", "mariadb"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def shop(db, server):
    """The database `db` with the server's tables as the source `shop`."""
    db.add_source("shop", url=server.url())
    return db
