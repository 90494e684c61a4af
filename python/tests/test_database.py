"""Opening, sources, SQL, closing, and how a database shows itself."""

import pathlib

import pyarrow
import pyarrow.parquet
import pytest

import jammi_ai

from conftest import NUM_PAPERS


def test_database_without_arguments_uses_the_settings_that_are_found(tmp_path):
    (tmp_path / "jammi.toml").write_text('artifact_dir = "from_file"\n')
    with jammi_ai.Database() as database:
        assert database.sql("SELECT 1 AS one")["one"].to_pylist() == [1]
    assert (tmp_path / "from_file").is_dir()


def test_connect_reads_the_file_it_is_given_and_arguments_come_before_it(tmp_path):
    config = tmp_path / "own.toml"
    config.write_text('artifact_dir = "from_file"\n')
    with jammi_ai.connect(config=config, artifact_dir="from_argument", gpu_device=-1, inference_batch_size=4):
        assert (tmp_path / "from_argument").is_dir()
    assert not (tmp_path / "from_file").exists()


def test_a_gpu_that_is_asked_for_and_missing_is_an_error_of_the_first_model(tmp_path, model):
    with jammi_ai.connect(artifact_dir=tmp_path / "gpu", gpu_device=127) as database:
        with pytest.raises(RuntimeError, match="^GPU error: gpu.device cannot be used; set it to -1"):
            database.encode_text_query(model, "sea")


def test_a_missing_or_wrong_configuration_file_is_a_configuration_error(tmp_path):
    with pytest.raises(RuntimeError, match="^Configuration error: .*absent.toml"):
        jammi_ai.connect(config="absent.toml")
    (tmp_path / "wrong.toml").write_text('[engine]\nbatch_size = "many"\n')
    with pytest.raises(RuntimeError, match="engine.batch_size must be a whole number"):
        jammi_ai.connect(config="wrong.toml")


def test_sources_outlive_the_session(tmp_path, papers):
    with jammi_ai.connect(artifact_dir="kept") as database:
        database.add_source("papers", url=papers.as_uri(), format="parquet")
    with jammi_ai.connect(artifact_dir="kept") as database:
        assert [source["source_id"] for source in database.list_sources()] == ["papers"]
        assert database.sql("SELECT id FROM papers.public.papers").num_rows == NUM_PAPERS


def test_a_relative_path_is_found_from_another_directory_later(db, tmp_path, monkeypatch):
    pathlib.Path("small.csv").write_text("a,b\n1,x\n")
    db.add_source("small", path="small.csv", format="csv")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert db.sql("SELECT * FROM small.public.small").to_pylist() == [{"a": 1, "b": "x"}]


def test_sources_are_described_with_their_tables_and_result_tables(embedded, papers):
    source = embedded.describe_source("papers")
    assert (source["source_type"], source["status"], source["format"]) == ("file", "active", "parquet")
    assert source["url"] == str(papers)
    assert [table["name"] for table in source["tables"]] == ["papers"]
    assert source["tables"][0]["columns"][0] == {"name": "id", "type": "BIGINT"}
    [result] = source["result_tables"]
    assert (result["source_id"], result["dimensions"], result["row_count"], result["status"]) == (
        "papers",
        32,
        NUM_PAPERS - 2,
        "ready",
    )
    del source["tables"]
    assert embedded.list_sources() == [source]
    assert embedded.describe_source("absent") is None


def test_removing_a_source_forgets_it_and_its_embeddings(embedded, papers):
    [result] = embedded.describe_source("papers")["result_tables"]
    embedded.remove_source("papers")
    assert embedded.list_sources() == []
    assert papers.exists()
    with pytest.raises(RuntimeError, match="^DataFusion error: "):
        embedded.sql(f'SELECT * FROM "jammi.{result["table_name"]}"')


def test_refused_sources_leave_nothing_behind(db, papers):
    with pytest.raises(RuntimeError, match="^Source error: papers: Source already registered$"):
        db.add_source("papers", path=papers, format="parquet")
    with pytest.raises(RuntimeError, match="^Unknown file format 'xlsx'. Expected: parquet, csv, json, avro$"):
        db.add_source("sheet", path=papers, format="xlsx")
    with pytest.raises(RuntimeError, match="Avro not yet supported"):
        db.add_source("avro", path=papers, format="avro")
    with pytest.raises(RuntimeError, match="^Source error: absent: "):
        db.add_source("absent", path="/no/such/file.parquet", format="parquet")
    with pytest.raises(ValueError, match="exactly one of url and path"):
        db.add_source("both", path=papers, url=str(papers), format="parquet")
    with pytest.raises(ValueError, match="exactly one of url and path"):
        db.add_source("neither", format="parquet")
    assert [source["source_id"] for source in db.list_sources()] == ["papers"]


def test_sql_returns_a_pyarrow_table(db):
    table = db.sql("SELECT id, title FROM papers.public.papers WHERE year < 2013 ORDER BY id")
    assert isinstance(table, pyarrow.Table)
    assert table["id"].to_pylist() == [0, 1, 2]
    assert table.schema.field("title").type == pyarrow.string()


def test_sql_without_rows_keeps_its_columns(db):
    table = db.sql("SELECT * FROM papers.public.papers LIMIT 0")
    assert table.num_rows == 0
    assert table.column_names == ["id", "title", "year", "rating"]


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT nothing FROM papers.public.papers", "SELECT * FROM absent"])
def test_sql_that_cannot_run_is_a_runtime_error_with_the_sql_prefix(db, query):
    with pytest.raises(RuntimeError, match="^DataFusion error: "):
        db.sql(query)


def test_a_closed_database_refuses_every_verb(embedded, model):
    search = embedded.search("papers", query=[0.5] * 32, k=1)
    embedded.close()
    embedded.close()
    calls = [
        lambda: embedded.sql("SELECT 1"),
        lambda: embedded.add_source("x", path="x", format="csv"),
        lambda: embedded.remove_source("papers"),
        embedded.list_sources,
        lambda: embedded.describe_source("papers"),
        lambda: embedded.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id"),
        lambda: embedded.encode_text_query(model, "text"),
        lambda: embedded.preload_model(model),
        embedded.loaded_models,
        lambda: embedded.evict_model(model),
        lambda: embedded.register_channel("a", priority=3, columns=[]),
        lambda: embedded.add_channel_columns("a", columns=[]),
        embedded.list_channels,
        embedded.cache_statistics,
        lambda: jammi_ai.merge_channels(embedded, [], [], [], [], []),
        lambda: embedded.search("papers", query=[0.5] * 32, k=1),
        lambda: search.limit(1),
        search.run,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="^Database is closed$"):
            call()


def test_with_closes_also_when_the_block_raises():
    with pytest.raises(KeyError), jammi_ai.connect(artifact_dir="closed") as database:
        raise KeyError("from the block")
    with pytest.raises(RuntimeError, match="^Database is closed$"):
        database.sql("SELECT 1")


def test_repr_names_the_directory_and_tells_when_closed(db, tmp_path):
    assert repr(db) == f"<Database artifact_dir='{tmp_path}/jammi'>"
    db.close()
    assert repr(db) == f"<Database artifact_dir='{tmp_path}/jammi', closed>"
    assert "closed" in db._repr_html_()


def test_html_lists_the_sources_escaped(db, papers):
    db.add_source("a<b", path=papers, format="parquet")
    drawn = db._repr_html_()
    assert "<td>papers</td><td>parquet</td>" in drawn
    assert "a&lt;b" in drawn and "a<b" not in drawn
