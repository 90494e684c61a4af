"""One database, many threads; and a forked child."""

import concurrent.futures
import os
import threading

import pyarrow
import pytest

import jammi_ai

from conftest import NUM_PAPERS

NUM_THREADS = 16


def at_once(work):
    """Calls work(number) on sixteen threads that begin together, and returns the sixteen results."""
    barrier = threading.Barrier(NUM_THREADS)

    def begin(number):
        barrier.wait()
        return work(number)

    with concurrent.futures.ThreadPoolExecutor(NUM_THREADS) as pool:
        return list(pool.map(begin, range(NUM_THREADS)))


def test_sixteen_threads_query_encode_and_search_and_get_what_one_gets(embedded, model):
    def work(number):
        text = f"Report {number} about the old city"
        query = embedded.encode_text_query(model, text)
        search = embedded.search("papers", query=query, k=5)
        search.filter(f"year <> {2010 + number}")
        rows = embedded.sql(f"SELECT title FROM papers.public.papers WHERE id = {number}")
        return query, search.run(), rows

    expected = [work(number) for number in range(NUM_THREADS)]
    for (query, found, rows), (one_query, one_found, one_rows) in zip(at_once(work), expected, strict=True):
        assert query == pytest.approx(one_query, abs=1e-6)
        assert found.select(["_row_id", "title"]).equals(one_found.select(["_row_id", "title"]))
        assert rows.equals(one_rows)


def test_sixteen_threads_write_at_once(db, model, papers):
    def work(number):
        db.add_source(f"copy{number}", path=papers, format="parquet")
        return db.generate_embeddings(source=f"copy{number}", model=model, columns=["title"], key="id")

    assert len(set(at_once(work))) == NUM_THREADS
    for number in range(NUM_THREADS):
        [table] = db.describe_source(f"copy{number}")["result_tables"]
        assert (table["status"], table["row_count"]) == ("ready", NUM_PAPERS - 2)


def test_sixteen_threads_do_different_things_at_once_and_get_what_one_gets(embedded, model, papers):
    def search(number):
        query = embedded.encode_text_query(model, "Report about solar panels")
        return embedded.search("papers", query=query, k=5).run()["_row_id"].to_pylist()

    def sql(number):
        return embedded.sql("SELECT sum(id) AS s FROM papers.public.papers WHERE id <> 3")["s"].to_pylist()

    def encode(number):
        return embedded.encode_text_query(model, f"text {number // 4}")

    def add(number):
        embedded.add_source(f"added{number}", path=papers, format="parquet")
        return embedded.sql(f"SELECT count(*) AS n FROM added{number}.public.papers")["n"].to_pylist()

    kinds = [search, sql, encode, add]

    def work(number):
        return kinds[number % 4](number)

    outcomes = at_once(work)
    ids = search(0)
    assert len(ids) == 5 and outcomes[0::4] == [ids] * 4
    assert outcomes[1::4] == [[sum(range(NUM_PAPERS)) - 3]] * 4
    assert outcomes[2::4] == [encode(number) for number in range(2, NUM_THREADS, 4)]
    assert outcomes[3::4] == [[NUM_PAPERS]] * 4
    sources = {source["source_id"] for source in embedded.list_sources()}
    assert sources == {"papers"} | {f"added{number}" for number in range(3, NUM_THREADS, 4)}


def test_one_builder_shared_by_sixteen_threads_runs_once(embedded):
    search = embedded.search("papers", query=[0.1] * 32, k=5)

    def work(number):
        try:
            search.limit(3)
            return search.run().num_rows
        except RuntimeError as error:
            return str(error)

    outcomes = at_once(work)
    assert sorted(outcomes, key=str) == [3] + ["SearchBuilder already consumed by run()"] * (NUM_THREADS - 1)


def test_closing_while_fifteen_threads_work_ends_their_calls_or_refuses_them(embedded):
    def work(number):
        if number == 0:
            embedded.close()
            return None
        try:
            return embedded.sql("SELECT count(*) AS n FROM papers.public.papers")["n"][0].as_py()
        except RuntimeError as error:
            return str(error)

    assert set(at_once(work)) <= {None, NUM_PAPERS, "Database is closed"}


def test_other_python_threads_run_during_a_call(many_rows, model):
    counted = 0
    done = threading.Event()

    def count():
        nonlocal counted
        while not done.is_set():
            counted += 1

    counter = threading.Thread(target=count)
    counter.start()
    before_and_after = []
    many_rows.generate_text_embeddings(
        source="papers",
        model=model,
        columns=["title"],
        key="id",
        progress=lambda progress: before_and_after.append(counted),
    )
    done.set()
    counter.join()
    assert before_and_after[-1] > 0


def in_child(work):
    """Runs `work` in a forked child and returns the text that it returns."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = work()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


FORKED = "RuntimeError: Database was opened before a fork: connect again in the child process"


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_every_verb_of_a_forked_child_says_to_connect_again(embedded, model, papers):
    search = embedded.search("papers", query=[0.1] * 32, k=5)
    embed = {"source": "papers", "model": model, "columns": ["title"], "key": "id"}
    calls = [
        lambda: embedded.sql("SELECT 1"),
        lambda: embedded.sql("SELECT * FROM t", relations={"t": pyarrow.table({"a": [1]})}),
        lambda: embedded.add_source("x", path=papers, format="parquet"),
        lambda: embedded.remove_source("papers"),
        embedded.list_sources,
        lambda: embedded.describe_source("papers"),
        lambda: embedded.generate_text_embeddings(**embed),
        lambda: embedded.generate_embeddings(**embed),
        lambda: embedded.infer(**embed, task="text_embedding"),
        lambda: embedded.add_observer(print),
        lambda: embedded.remove_observer(print),
        lambda: embedded.encode_text_query(model, "text"),
        lambda: embedded.preload_model(model),
        embedded.loaded_models,
        lambda: embedded.evict_model(model),
        lambda: embedded.search("papers", query=[0.1] * 32, k=5),
        lambda: embedded.register_channel("x", priority=3, columns=[]),
        lambda: embedded.add_channel_columns("x", columns=[]),
        embedded.list_channels,
        lambda: jammi_ai.merge_channels(embedded, [pyarrow.table({"a": [1]})], [], [], [], [{}]),
        embedded.cache_statistics,
        lambda: search.filter("true"),
        lambda: search.sort("id"),
        lambda: search.limit(1),
        lambda: search.select(["id"]),
        search.run,
    ]

    def outcomes():
        answers = set()
        for call in calls:
            try:
                answers.add(str(call()))
            except RuntimeError as error:
                answers.add(f"RuntimeError: {error}")
        return "; ".join(answers)

    assert in_child(outcomes) == FORKED
    assert search.run().num_rows == 5


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_connects_to_the_same_directory_and_works(embedded, model, tmp_path):
    def nearest(database):
        query = database.encode_text_query(model, "Report about solar panels")
        return str(database.search("papers", query=query, k=3).run()["_row_id"].to_pylist())

    def connect_again():
        with jammi_ai.connect(artifact_dir=tmp_path / "jammi") as database:
            database.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id")
            return nearest(database)

    expected = nearest(embedded)
    assert in_child(connect_again) == expected
    assert nearest(embedded) == expected
    assert [table["status"] for table in embedded.describe_source("papers")["result_tables"]] == ["ready", "ready"]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_is_told_to_connect_again_and_the_parent_works_on(embedded, tmp_path):
    search = embedded.search("papers", query=[0.1] * 32, k=5)
    assert in_child(lambda: str(embedded.sql("SELECT 1"))) == FORKED
    assert in_child(lambda: str(search.run())) == FORKED
    assert in_child(embedded.__repr__) == f"<Database artifact_dir='{tmp_path}/jammi', closed>"

    def use_another():
        embedded.close()
        with jammi_ai.connect(artifact_dir=tmp_path / "other") as database:
            return str(database.sql("SELECT 42 AS n")["n"][0].as_py())

    assert in_child(use_another) == "42"
    assert search.run().num_rows == 5
