import math
import threading

import pytest

import jammi_ai
from conftest import NUM_PAPERS


def test_generate_text_embeddings_returns_none_and_makes_a_table_that_sql_reads(db, model):
    assert db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id") is None
    [result] = db.describe_source("papers")["result_tables"]
    rows = db.sql(f'SELECT _row_id, _source_id, vector FROM "jammi.{result["table_name"]}"').to_pylist()
    assert {row["_row_id"] for row in rows} == {str(number) for number in range(NUM_PAPERS - 2)}
    assert {row["_source_id"] for row in rows} == {"papers"}
    assert all(math.isclose(math.hypot(*row["vector"]), 1, abs_tol=1e-5) for row in rows)


def test_generate_embeddings_returns_the_name_of_its_table(db, model):
    name = db.generate_embeddings(source="papers", model=model, columns=["title"], key="id", modality="text")
    assert [table["table_name"] for table in db.describe_source("papers")["result_tables"]] == [name]
    with pytest.raises(ValueError, match="unknown modality 'audio', expected 'text' or 'image'"):
        db.generate_embeddings(source="papers", model=model, columns=["title"], key="id", modality="audio")


def test_a_model_is_named_by_a_path_object_or_with_the_prefix_local(db, model):
    assert db.encode_text_query(model, "rice") == db.encode_text_query(f"local:{model}", "rice")


def test_a_query_is_a_list_of_floats_of_length_one_and_equals_the_stored_row(embedded, model):
    query = embedded.encode_text_query(model, "Report 1 about cooking rice with fish")
    assert isinstance(query, list) and {type(value) for value in query} == {float}
    assert len(query) == 32 and math.isclose(math.hypot(*query), 1, abs_tol=1e-5)
    nearest = embedded.search("papers", query=query, k=1).run()
    assert nearest["_row_id"].to_pylist() == ["1"]
    assert math.isclose(nearest["similarity"][0].as_py(), 1, abs_tol=1e-5)


def test_a_text_is_encoded_once_and_the_hits_are_counted(db, model):
    first = db.encode_text_query(model, "solar panels")
    assert db.encode_text_query(model, "solar panels") == first
    statistics = db.cache_statistics()["embedding_cache"]
    assert (statistics["hits"], statistics["misses"], statistics["hit_rate"]) == (1, 1, 0.5)
    assert statistics["entries"] == 1 and 0 < statistics["size"] < statistics["capacity"] == 2**30


def test_preloading_registers_the_model(db, model):
    assert db.preload_model(model) is None
    assert db.sql("SELECT count(*) AS n FROM models")["n"].to_pylist() == [1]


def test_a_model_is_loaded_by_its_first_use_and_dropped_by_evicting_it(embedded, model):
    embedded.preload_model(model, task=jammi_ai.ModelTask.TextEmbedding)
    (loaded,) = embedded.loaded_models()
    assert (loaded["task"], loaded["num_users"]) == ("text_embedding", 0)
    assert loaded["model_id"] == str(model).removeprefix("local:")
    assert loaded["memory_bytes"] > 0 and loaded["last_used_at"].endswith("Z")

    search = embedded.search("papers", query=[0.1] * 32, k=1)
    search.annotate(model=model, task="text_embedding", columns=["title"])
    with pytest.raises(RuntimeError, match="^Model error: .*: the model is in use$"):
        embedded.evict_model(model)
    search.run()
    embedded.evict_model(model)
    assert embedded.loaded_models() == []
    with pytest.raises(RuntimeError, match="^Model error: never/used: no such model$"):
        embedded.evict_model("never/used")


def test_unknown_names_are_runtime_errors_that_name_them(db, model, tmp_path):
    with pytest.raises(RuntimeError, match="absent"):
        db.generate_text_embeddings(source="absent", model=model, columns=["title"], key="id")
    with pytest.raises(RuntimeError, match="^Source error: papers: .*body"):
        db.generate_text_embeddings(source="papers", model=model, columns=["body"], key="id")
    with pytest.raises(RuntimeError, match="^Source error: papers: .*isbn"):
        db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="isbn")
    with pytest.raises(RuntimeError, match="^Model error: .*Model directory does not exist"):
        db.encode_text_query(tmp_path / "no_model", "text")
    with pytest.raises(RuntimeError, match="^Inference error: Empty or null text input$"):
        db.encode_text_query(model, "")
    assert db.describe_source("papers")["result_tables"] == []


def test_a_callback_gets_growing_progress_on_the_calling_thread_and_the_end(db, model):
    seen = []
    threads = set()

    def on_progress(progress):
        seen.append(progress)
        threads.add(threading.current_thread())

    db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id", progress=on_progress)
    assert threads == {threading.current_thread()}
    assert [progress.rows_done for progress in seen] == sorted(progress.rows_done for progress in seen)
    last = seen[-1]
    assert (last.rows_done, last.rows_total, last.rows_failed) == (NUM_PAPERS, NUM_PAPERS, 2)
    assert last.tokens_done > NUM_PAPERS and last.elapsed_seconds > 0
    assert repr(last).startswith("Progress(rows_done=20, rows_total=20, rows_failed=2, tokens_done=")


def test_what_a_callback_raises_stops_the_call(many_rows, model):
    class Enough(Exception):
        pass

    def refuse(progress):
        raise Enough

    with pytest.raises(Enough):
        many_rows.generate_text_embeddings(source="many", model=model, columns=["text"], key="id", progress=refuse)
    assert [table["status"] for table in many_rows.describe_source("many")["result_tables"]] == ["failed"]
