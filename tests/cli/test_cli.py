import json
import signal

import pytest

from conftest import CLASSIFIER, CLIP, IMAGES, MODEL
from embedding_server import EmbeddingServer

# -- usage


def test_no_command_prints_help(jammi):
    assert "jammi sources add patents --path" in jammi.succeed()


@pytest.mark.parametrize(
    "command",
    ["", "sources", "sources add", "sources list", "sources remove", "sources describe", "sources set-tenant-column", "models", "models list"]
    + ["models show", "models preload", "models evict", "tables", "tables list", "query", "explain", "embed", "infer", "search"]
    + ["channels", "channels register", "channels add-column", "channels list"]
    + ["mutable", "mutable create", "mutable drop", "mutable list"],
)
def test_every_help_has_an_example(jammi, command):
    text = jammi.succeed(*command.split(), "--help")
    assert f"  jammi {command}".rstrip() in text.split("Examples:")[1]


def test_version(jammi):
    assert jammi.succeed("--version").startswith("jammi 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["sing"],
        ["sources"],
        ["query"],
        ["query", "SELECT 1", "--colour"],
        ["query", "SELECT 1", "--format", "xml"],
        ["sources", "add", "a"],
        ["sources", "add", "a", "--path", "a.csv", "--url", "a.csv"],
        ["sources", "add", "a", "--path", "a.csv", "--format", "avro"],
        ["sources", "add", "a", "--postgres", "postgresql://h/d", "--mysql", "mysql://h/d"],
        ["sources", "set-tenant-column", "a"],
        ["sources", "set-tenant-column", "a", "b", "--none"],
        ["search", "a", "b", "-k", "0"],
        ["search", "a"],
        ["search", "a", "b", "--image", "c.png"],
        ["embed", "a", "--columns", "b", "--key", "c"],
        ["embed", "a", "--model", "m", "--key", "c"],
        ["embed", "a", "--model", "m", "--columns", "b", "--image", "d", "--key", "c"],
        ["infer", "a", "--model", "m", "--columns", "b", "--key", "c", "--task", "poetry"],
        ["models", "show"],
        ["models", "evict"],
        ["models", "preload", "m", "--task", "poetry"],
        ["channels", "register", "--name", "a", "--column", "b:Utf8"],
        ["channels", "register", "--name", "a", "--priority", "high", "--column", "b:Utf8"],
        ["channels", "register", "--name", "a", "--priority", "2147483648", "--column", "b:Utf8"],
        ["channels", "add-column", "--column", "b:Utf8"],
    ],
)
def test_usage_errors_exit_with_2(jammi, arguments):
    result = jammi.run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr != ""


# -- configuration


def test_an_explicit_configuration_must_exist(jammi):
    assert "Configuration error: no such configuration file: none.toml" in jammi.fail(
        "--config", "none.toml", "sources", "list"
    )


def test_configuration_is_accepted_behind_the_command(jammi, tmp_path):
    (tmp_path / "a.toml").write_text("engine.batch_size = 'many'")
    assert "TOML parse error: engine.batch_size" in jammi.fail("sources", "list", "--config", "a.toml")


def test_a_bad_variable_is_named(jammi):
    assert "JAMMI_ENGINE__BATCH_SIZE" in jammi.fail("sources", "list", JAMMI_ENGINE__BATCH_SIZE="few")


# -- sources


def test_sources_are_listed_in_columns(books):
    lines = books.succeed("sources", "list").splitlines()
    assert lines[0] == "Name                 Type            Created"
    assert lines[1] == "-" * 55
    assert lines[2].startswith("books                File            20")
    assert len(lines) == 3


def test_sources_are_listed_as_json(books):
    (source,) = map(json.loads, books.succeed("--format", "json", "sources", "list").splitlines())
    assert source["name"] == "books" and source["type"] == "File"


def test_no_sources(jammi):
    assert jammi.succeed("sources", "list") == "No sources registered.\n"


def test_adding_a_source_says_so_and_its_format_wins_over_the_global_one(jammi, tmp_path):
    (tmp_path / "data.txt").write_text("a,b\n1,2\n")
    text = jammi.succeed("--format", "json", "sources", "add", "data", "--path", "data.txt", "--format", "csv")
    assert text == "Source 'data' added.\n"
    assert jammi.succeed("query", "SELECT a + b AS c FROM data.public.data", "--format", "csv") == "c\n3\n"


def test_a_source_is_found_from_another_directory(books, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    books.directory = other
    assert books.succeed("query", "SELECT count(*) AS n FROM books.public.books", "--format", "csv") == "n\n4\n"


def test_sources_can_be_urls(jammi, tmp_path):
    (tmp_path / "data.csv").write_text("a\n7\n")
    jammi.succeed("sources", "add", "data", "--url", (tmp_path / "data.csv").as_uri())
    assert jammi.succeed("query", "SELECT a FROM data.public.data", "--format", "csv") == "a\n7\n"


def test_adding_fails_with_a_reason(books):
    assert "books: Source already registered" in books.fail("sources", "add", "books", "--path", "books.csv")
    assert "missing.csv" in books.fail("sources", "add", "other", "--path", "missing.csv")
    assert "give --format" in books.fail("sources", "add", "other", "--path", "books.dat")
    assert books.succeed("sources", "list").count("\n") == 3


def test_a_database_that_cannot_be_reached_is_no_source_and_its_password_is_not_repeated(jammi):
    for option, url in (("--postgres", "postgresql://ann:secret@127.0.0.1:1/shop"), ("--url", "mysql://ann:secret@127.0.0.1:1/shop")):
        message = jammi.fail("sources", "add", "shop", option, url)
        assert message.startswith("Source error: shop: ")
        assert "ann:***@127.0.0.1:1/shop" in message and "secret" not in message
    assert jammi.succeed("sources", "list") == "No sources registered.\n"


def test_a_source_can_be_described_and_removed(books):
    description = books.succeed("sources", "describe", "books", "--format", "csv")
    assert description.splitlines()[:3] == [
        "table,column,type",
        "books.public.books,id,BIGINT",
        "books.public.books,title,VARCHAR",
    ]
    assert books.succeed("sources", "remove", "books") == "Source 'books' removed.\n"
    assert books.succeed("sources", "list") == "No sources registered.\n"
    assert "Source not found" in books.fail("sources", "remove", "books")


# -- SQL


def test_query_prints_a_box(books):
    assert books.succeed("query", "SELECT id, title FROM books.public.books ORDER BY id LIMIT 2") == (
        "+----+-----------------+\n"
        "| id | title           |\n"
        "+----+-----------------+\n"
        "| 1  | The stars above |\n"
        "| 2  | A game of chess |\n"
        "+----+-----------------+\n"
    )


def test_query_without_rows(books):
    assert books.succeed("query", "SELECT * FROM books.public.books WHERE year < 0") == "(0 rows)\n"
    assert books.succeed("query", "SELECT id FROM books.public.books WHERE year < 0", "--format", "csv") == "id\n"


def test_query_as_json_lines(books):
    rows = books.succeed("query", "SELECT id, title FROM books.public.books ORDER BY id", "--format", "json")
    assert json.loads(rows.splitlines()[2]) == {"id": 3, "title": None}


def test_a_wrong_query_is_an_error(books):
    assert "titel" in books.fail("query", "SELECT titel FROM books.public.books")
    books.fail("query", "SELEC 1")


def test_explain_prints_a_plan(books):
    plan = books.succeed("explain", "SELECT * FROM books.public.books WHERE year > 2000")
    assert "plan" in plan and plan.startswith("+-")


def test_output_that_cannot_be_written_is_an_error(books):
    with open("/dev/full", "w") as full:
        process = books.start("sources", "list", stdout=full)
        _, errors = process.communicate()
    assert process.returncode == 1
    assert "cannot write to standard output" in errors


def signals_are_blocked(process):
    """Whether the process has come to wait for SIGINT itself."""
    with open(f"/proc/{process.pid}/status") as status:
        mask = next(int(line.split()[1], 16) for line in status if line.startswith("SigBlk:"))
    return mask & (1 << (signal.SIGINT - 1))


def test_an_interrupt_stops_a_query_with_130(jammi, tmp_path):
    (tmp_path / "numbers.csv").write_text("n\n" + "\n".join(map(str, range(20000))))
    jammi.succeed("sources", "add", "numbers", "--path", "numbers.csv")
    table = "numbers.public.numbers"
    process = jammi.start("query", f"SELECT sum(a.n * b.n % (c.n + 1)) FROM {table} a, {table} b, {table} c")
    while not signals_are_blocked(process):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.startswith("Error: ")


# -- embeddings and search


@pytest.fixture
def embedded(books):
    result = books.run("embed", "books", "--model", f"local:{MODEL}", "--columns", "title", "--key", "id")
    assert result.returncode == 0, result
    books.embed_output = result.stdout
    return books


def test_embed_reports_rows_and_speed(embedded):
    first, second = embedded.embed_output.splitlines()
    assert first.startswith("Embedded 3 rows of 'books' into \"jammi.books__text_embedding__")
    assert "rows/s" in first and "tokens/s" in first
    assert second == "1 row left out: no text, no key, or an error of the model."


def test_a_model_on_a_server_embeds_and_searches(books):
    with EmbeddingServer() as server:
        headers = {"JAMMI_INFERENCE__HTTP__HEADERS__AUTHORIZATION": "Bearer sesame"}
        books.succeed("embed", "books", "--model", f"{server.url}#letters", "--columns", "title", "--key", "id", **headers)
        found = books.succeed("search", "books", "zzz", "-k", "1", "--format", "json", **headers)
        assert json.loads(found)["_row_id"]
        assert all(sent["Authorization"] == "Bearer sesame" and body["model"] == "letters"
                   for sent, body in server.requests)
        message = books.fail("infer", "books", "--model", f"{server.url}/v2", "--columns", "title", "--key", "id")
        assert message.startswith("Backend error: HTTP embedding request returned 404: ")


def test_embed_reports_as_json(books):
    result = books.run(
        "embed", "books", "--model", str(MODEL), "--columns", "title,year", "--key", "id", "--format", "json"
    )
    summary = json.loads(result.stdout)
    assert summary["rows"] == "4" and summary["rows_failed"] == "0", "a row has text when one of its columns has"


def test_duplicate_keys_are_warned_of(jammi, tmp_path):
    (tmp_path / "twins.csv").write_text("id,title\n1,one\n1,two\n")
    jammi.succeed("sources", "add", "twins", "--path", "twins.csv")
    result = jammi.run("embed", "twins", "--model", str(MODEL), "--columns", "title", "--key", "id")
    assert result.returncode == 0 and "Warning: 1 row with a key" in result.stderr


def test_the_table_and_the_model_are_listed(embedded):
    (table,) = map(json.loads, embedded.succeed("tables", "list", "--format", "json").splitlines())
    assert (table["source"], table["rows"], table["status"]) == ("books", "3", "ready")
    lines = embedded.succeed("models", "list").splitlines()
    assert lines[0] == "Model ID                                 Backend      Task       Status"
    assert lines[1] == "-" * 75
    assert lines[2].startswith(str(MODEL))
    vectors = embedded.succeed("query", f'SELECT count(*) AS n FROM "jammi.{table["table"]}"', "--format", "csv")
    assert vectors == "n\n3\n"


def test_search_finds_the_row_of_the_same_text_first(embedded):
    rows = embedded.succeed("search", "books", "Planets and moons", "-k", "2", "--format", "json").splitlines()
    best, other = map(json.loads, rows)
    assert best["id"] == 4 and best["similarity"] == pytest.approx(1, abs=1e-5)
    assert other["similarity"] < best["similarity"]


def test_search_prints_the_columns_asked_for(embedded):
    lines = embedded.succeed(
        "search", "books", "Planets and moons", "-k", "1", "--columns", "year,title", "--format", "csv"
    ).splitlines()
    assert lines[0] == "year,title,similarity"
    assert lines[1].startswith("2020,Planets and moons,")


def test_search_filters_by_sql(embedded):
    rows = embedded.succeed("search", "books", "chess", "-k", "3", "--filter", "year < 2000", "--format", "json")
    assert [json.loads(row)["id"] for row in rows.splitlines()] == [1]


def test_search_finds_as_many_rows_as_asked_for_when_as_many_meet_the_filter(embedded):
    for title in ("Planets and moons", "chess"):
        rows = embedded.succeed("search", "books", title, "-k", "1", "--filter", "year < 2000", "--format", "json")
        assert [json.loads(row)["id"] for row in rows.splitlines()] == [1]
    assert "Filter parse: " in embedded.fail("search", "books", "chess", "--filter", "author = 'x'")


def test_search_explains_itself(embedded):
    lines = embedded.succeed("search", "books", "chess", "--filter", "year < 2000", "--explain").splitlines()
    assert lines[0].startswith("search: the 10 nearest of 3 rows of books, table books__")
    assert lines[1] == "  filter: year < 2000: 1 rows match (33.33%)"
    assert lines[2].startswith("  path: filtered exact scan: ")


def test_search_takes_table_and_model(embedded):
    (table,) = map(json.loads, embedded.succeed("tables", "list", "--format", "json").splitlines())
    arguments = ["search", "books", "chess", "-k", "1", "--columns", "id", "--format", "csv"]
    assert embedded.succeed(*arguments, "--table", table["table"], "--model", str(MODEL)) == embedded.succeed(*arguments)


def test_search_needs_an_embedded_source(books):
    assert "No ready embedding table for source 'books'" in books.fail("search", "books", "chess")
    assert "nothing" in books.fail("search", "books", "chess", "--table", "nothing")


def test_infer_prints_a_row_for_each_row_of_the_source_and_keeps_nothing(books):
    arguments = ["infer", "books", "--model", str(MODEL), "--columns", "title,year", "--key", "id"]
    rows = [json.loads(line) for line in books.succeed(*arguments, "--format", "json").splitlines()]
    assert [row["_row_id"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["_status"] for row in rows} == {"ok"} and {len(row["vector"]) for row in rows} == {32}
    header = books.succeed(*arguments, "--format", "csv").splitlines()[0]
    assert header == "_row_id,_source,_model,_status,_error,_latency_ms,vector"
    assert "_status" in books.succeed(*arguments)
    assert books.succeed("tables", "list", "--format", "json") == ""


def test_infer_classifies_and_finds_entities(jammi, tmp_path):
    (tmp_path / "news.csv").write_text("id,text\n1,Ada Lovelace is cooking rice with fish\n2,\n")
    jammi.succeed("sources", "add", "news", "--path", "news.csv")

    def infer(task, model):
        arguments = ["infer", "news", "--model", str(MODEL.parent / model), "--columns", "text", "--key", "id"]
        return list(map(json.loads, jammi.succeed(*arguments, "--task", task, "--format", "json").splitlines()))

    classified, failed = infer("classification", "tiny_classifier")
    scores = json.loads(classified["all_scores_json"])
    assert classified["label"] == "food" and max(scores, key=scores.get) == "food"
    assert classified["confidence"] == pytest.approx(scores["food"]) and sum(scores.values()) == pytest.approx(1)
    assert (failed["_status"], failed["label"], failed["confidence"]) == ("error", None, None)

    named, failed = infer("ner", "tiny_ner")
    (entity,) = json.loads(named["entities"])
    assert (entity["text"], entity["label"], entity["start"], entity["end"]) == ("Ada Lovelace", "PER", 0, 12)
    assert (failed["_status"], failed["entities"]) == ("error", None)


def test_infer_says_what_a_model_cannot_do(books):
    arguments = ["infer", "books", "--model", str(MODEL), "--columns", "title", "--key", "id", "--task"]
    assert books.fail(*arguments, "ner").endswith("No id2label mapping for NER model")


@pytest.fixture
def figures(jammi, tmp_path):
    """A registered source of three image files, one of them missing, embedded."""
    names = ["colour.png", "grey.jpg", "absent.png"]
    (tmp_path / "figures.csv").write_text("id,file\n" + "".join(f"{name},{IMAGES / name}\n" for name in names))
    jammi.succeed("sources", "add", "figures", "--path", "figures.csv")
    result = jammi.run("embed", "figures", "--model", f"local:{CLIP}", "--image", "file", "--key", "id")
    assert result.returncode == 0, result
    jammi.embed_output = result.stdout
    return jammi


def test_embed_reports_images_that_cannot_be_read(figures):
    first, second = figures.embed_output.splitlines()
    assert first.startswith("Embedded 2 rows of 'figures' into \"jammi.figures__image_embedding__")
    assert second == "1 row left out: no readable image, no key, or an error of the model."


def test_search_finds_images_by_an_image_and_by_a_text(figures):
    by_image = figures.succeed("search", "figures", "--image", str(IMAGES / "grey.jpg"), "--format", "json")
    assert [json.loads(row)["id"] for row in by_image.splitlines()] == ["grey.jpg", "colour.png"]
    by_text = figures.succeed("search", "figures", "a red circle", "-k", "1", "--format", "json")
    assert json.loads(by_text)["similarity"] < 1
    assert figures.fail("search", "figures", "--image", "none.png").startswith("IO error: cannot open file: none.png")


def test_infer_runs_over_images(figures):
    rows = figures.succeed(
        "infer", "figures", "--model", str(CLIP), "--columns", "file", "--key", "id", "--task", "image_embedding",
        "--format", "json"
    )
    assert [json.loads(row)["_status"] for row in rows.splitlines()] == ["ok", "ok", "error"]


def test_embed_names_what_is_wrong(books):
    arguments = ["embed", "books", "--model", str(MODEL), "--key", "id", "--columns"]
    assert "titel" in books.fail(*arguments, "titel")
    assert "no-such-model" in books.fail("embed", "books", "--model", "./no-such-model", "--key", "id", "--columns", "title")
    assert "shop" in books.fail("embed", "shop", "--model", str(MODEL), "--key", "id", "--columns", "title")
    assert "ready" not in books.succeed("tables", "list")


# -- models


def test_a_model_is_fetched_ahead_and_shown(jammi):
    text = jammi.succeed("models", "preload", str(MODEL))
    assert text.startswith(f"Model '{MODEL}' can be used for text_embedding; its weights take 0.")
    lines = dict(line.split(None, 1) for line in jammi.succeed("models", "show", str(MODEL)).splitlines()[3:])
    assert (lines["Type"], lines["Backend"], lines["Dimensions"]) == ("local", "candle", "32")
    shown = json.loads(jammi.succeed("models", "show", str(MODEL), "--format", "json"))
    assert (shown["model_id"], shown["folder"], shown["task"]) == (str(MODEL), str(MODEL), "text_embedding")
    assert jammi.fail("models", "show", "never/used") == "No model 'never/used' registered."


def test_models_are_preloaded_for_a_task(jammi):
    record = json.loads(
        jammi.succeed("models", "preload", str(CLASSIFIER), "--task", "classification", "--format", "json")
    )
    assert (record["model_id"], record["task"]) == (str(CLASSIFIER), "classification")
    assert int(record["memory_bytes"]) > 0
    assert "No id2label mapping" in jammi.fail("models", "preload", str(MODEL), "--task", "ner")


def test_without_a_name_the_models_of_the_configuration_are_preloaded(jammi, tmp_path):
    assert "server.preload_models is empty" in jammi.fail("models", "preload")
    (tmp_path / "jammi.toml").write_text(f'[server]\npreload_models = ["local:{MODEL}", "local:{CLASSIFIER}"]\n')
    records = map(json.loads, jammi.succeed("models", "preload", "--format", "json").splitlines())
    assert [record["model_id"] for record in records] == [str(MODEL), str(CLASSIFIER)]


def test_an_evicted_model_is_found_anew(jammi):
    jammi.succeed("models", "preload", str(MODEL))
    assert jammi.succeed("models", "evict", str(MODEL)) == f"Model '{MODEL}' evicted; its next use finds its files anew.\n"
    shown = json.loads(jammi.succeed("models", "show", str(MODEL), "--format", "json"))
    assert (shown["folder"], shown["dimensions"]) == ("", "32")
    jammi.succeed("models", "preload", str(MODEL))
    assert json.loads(jammi.succeed("models", "show", str(MODEL), "--format", "json"))["folder"] == str(MODEL)
    assert jammi.fail("models", "evict", "never/used") == "Model error: never/used: no such model"


# -- channels

SCORED_BY = ["channels", "register", "--name", "scored_by", "--priority", "3"]


@pytest.fixture
def scored_by(jammi):
    """The channel scored_by with two columns."""
    text = jammi.succeed(*SCORED_BY, "--column", "ranker:Utf8", "--column", "rank_score:Float32")
    assert text == "Channel 'scored_by' registered (priority=3).\n"
    return jammi


def test_channels_are_listed_in_columns(scored_by):
    assert scored_by.succeed("channels", "list").splitlines() == [
        "Name                           Priority   Columns",
        "-" * 70,
        "vector                         1          similarity:Float32",
        "inference                      2          "
        "inference_model:Utf8, inference_task:Utf8, inference_confidence:Float32",
        "scored_by                      3          ranker:Utf8, rank_score:Float32",
    ]


def test_a_channel_is_extended(scored_by):
    text = scored_by.succeed("channels", "add-column", "scored_by", "--column", "at:Int64", "--column", "a:b:Boolean")
    assert text == "Channel 'scored_by' extended with 2 column(s).\n"
    last = json.loads(scored_by.succeed("channels", "list", "--format", "json").splitlines()[-1])
    assert last["columns"] == "ranker:Utf8, rank_score:Float32, at:Int64, a:b:Boolean"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], "at least one --column is required"),
        ([""], "empty --column spec"),
        (["a:Utf8", "ranker"], "--column 'ranker' must be of the form name:Type (e.g. ranker:Utf8)"),
        ([":Utf8"], "--column ':Utf8' has an empty column name"),
        (["a:"], "Unknown channel column type ''. Expected: Float32, Float64, Int32, Int64, Utf8, Boolean"),
        (["a:text"], "Unknown channel column type 'text'. Expected: Float32, Float64, Int32, Int64, Utf8, Boolean"),
    ],
)
def test_columns_that_cannot_be_read_are_refused(jammi, columns, message):
    arguments = [argument for column in columns for argument in ("--column", column)]
    assert jammi.fail(*SCORED_BY, *arguments) == message
    assert jammi.fail("channels", "add-column", "vector", *arguments) == message
    assert "scored_by" not in jammi.succeed("channels", "list")


def test_channels_only_grow(scored_by):
    extend = ["channels", "add-column", "scored_by", "--column"]
    assert scored_by.fail(*SCORED_BY, "--column", "a:Utf8") == "channel 'scored_by': already exists"
    assert scored_by.fail(*extend, "ranker:Utf8") == "channel 'scored_by': column 'ranker' already declared"
    assert (
        scored_by.fail(*extend, "ranker:Int32")
        == "channel 'scored_by': column 'ranker' was declared Utf8, cannot redeclare as Int32"
    )
    assert scored_by.fail("channels", "add-column", "absent", "--column", "a:Utf8") == "channel 'absent': not registered"
    bad = ["channels", "register", "--name", "Scored", "--priority", "3", "--column", "a:Utf8"]
    assert scored_by.fail(*bad) == "invalid channel id 'Scored': must start with a lowercase ASCII letter"


# -- mutable tables


def test_mutable_tables(jammi, tmp_path):
    assert jammi.succeed("mutable", "list") == "No mutable tables registered.\n"
    schema = tmp_path / "items.json"
    schema.write_text(
        json.dumps([{"name": "id", "type": "Utf8"}, {"name": "at", "type": "Int64"}, {"name": "n", "type": "Int8", "nullable": True}])
    )
    create = ["mutable", "create", "--name", "items", "--schema", schema, "--primary-key", "id,at"]
    index = ["--index", "name=idx_n,columns=n+at,unique=true", "--order-column", "at"]
    assert (
        jammi.succeed(*create, *index) == "Mutable table 'items' registered (primary_key=[id,at], indexes=[idx_n]).\n"
    )
    assert jammi.succeed("mutable", "list").splitlines()[2].split() == ["items", "id,at", "id:Utf8,", "at:Int64,", "n:Int8?"]
    insert = "INSERT INTO mutable.public.items VALUES ('a', '1970-01-01T00:00:01Z', 3); DELETE FROM mutable.public.items"
    assert jammi.succeed("query", insert, "--format", "csv") == "count\n1\n1\n"
    assert "mutable table already exists: items" in jammi.fail(*create)
    assert jammi.succeed("mutable", "drop", "items") == "Mutable table 'items' dropped.\n"
    assert "Mutable table error: mutable table not found: items" in jammi.fail("mutable", "drop", "items")


def test_mutable_tables_of_a_tenant(jammi, tmp_path):
    schema = tmp_path / "items.json"
    schema.write_text(json.dumps([{"name": "id", "type": "Utf8"}]))
    for name, options in [("mine", ["--tenant", ALICE]), ("shared", [])]:
        jammi.succeed("mutable", "create", "--name", name, "--schema", schema, "--primary-key", "id", *options)
    fill = "INSERT INTO mutable.public.shared VALUES ('nobodys'); SELECT id FROM mutable.public.shared"
    assert jammi.succeed("query", fill, "--format", "csv") == "id\nnobodys\n"
    listed = jammi.succeed("mutable", "list", "--tenant", ALICE)
    assert "mine" in listed and "shared" not in listed
    assert jammi.fail("query", "DELETE FROM mutable.public.shared", "--tenant", ALICE).startswith("Tenant error: a row of all")
    assert jammi.fail("mutable", "drop", "shared", "--tenant", ALICE).startswith("Tenant error: a mutable table of all")
    assert "not found: mine" in jammi.fail("mutable", "drop", "mine", "--tenant", BOB)
    jammi.succeed("mutable", "drop", "mine", "--tenant", ALICE)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("name", "fragment 'name' must be of the form key=value"),
        ("name=,columns=id", "has empty name"),
        ("name=i,columns=", "must declare at least one column"),
        ("name=i,columns=id,unique=maybe", "unique value 'maybe' must be true or false"),
        ("name=i,columns=id,kind=b", "unknown key 'kind' (expected name/columns/unique)"),
        ("columns=id", "missing required key 'name'"),
        ("name=i", "missing required key 'columns'"),
    ],
)
def test_index_specifications(jammi, tmp_path, index, message):
    schema = tmp_path / "items.json"
    schema.write_text('[{"name": "id", "type": "Utf8"}]')
    create = ["mutable", "create", "--name", "items", "--schema", schema, "--primary-key", "id"]
    assert f"--index '{index}' {message}" in jammi.fail(*create, "--index", index)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("[]", "schema must declare at least one column"),
        ("[", "parse schema file "),
        ('[{"name": "id"}]', "parse schema file "),
        ('[{"name": "id", "type": "Decimal"}]', "unsupported schema type 'Decimal'; expected one of Boolean, Int8"),
    ],
)
def test_schema_files(jammi, tmp_path, schema, message):
    file = tmp_path / "items.json"
    file.write_text(schema)
    create = ["mutable", "create", "--name", "items", "--schema", file, "--primary-key", "id"]
    assert message in jammi.fail(*create)
    assert "read schema file" in jammi.fail(*create[:5], "none.json", *create[6:])


# -- tenants

ALICE, BOB = "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9a", "018f5a0e-c4c8-7e10-9c4f-3b6f7c5a8e9b"


@pytest.fixture
def notes(jammi, tmp_path):
    """Six notes of Alice, four of Bob."""
    rows = [f"{i},{ALICE if i < 6 else BOB},note {i}\n" for i in range(10)]
    (tmp_path / "notes.csv").write_text("id,customer_id,body\n" + "".join(rows))
    jammi.succeed("sources", "add", "notes", "--path", "notes.csv")
    assert jammi.succeed("sources", "set-tenant-column", "notes", "customer_id") == (
        "Rows of source 'notes' belong to the tenant in 'customer_id'.\n"
    )
    return jammi


def count(jammi, *options):
    return int(jammi.succeed(*options, "query", "SELECT count(*) FROM notes.public.notes", "--format", "csv").split()[1])


def test_a_tenant_sees_its_rows(notes):
    assert (count(notes, "--tenant", ALICE), count(notes, "--tenant", BOB.upper()), count(notes)) == (6, 4, 0)
    notes.succeed("sources", "set-tenant-column", "notes", "--none")
    assert count(notes) == 10


def test_a_tenant_has_sources_and_embeddings_of_its_own(notes, tmp_path):
    (tmp_path / "inbox.csv").write_text("id\n1\n")
    notes.succeed("sources", "add", "inbox", "--path", "inbox.csv", "--tenant", ALICE)
    assert "inbox" in notes.succeed("sources", "list", "--tenant", ALICE)
    assert "inbox" not in notes.succeed("sources", "list", "--tenant", BOB)
    assert "inbox" not in notes.succeed("sources", "list")
    notes.run("embed", "notes", "--model", str(MODEL), "--columns", "body", "--key", "id", "--tenant", ALICE)
    found = notes.succeed("search", "notes", "note", "-k", "10", "--tenant", ALICE, "--format", "json").splitlines()
    assert sorted(json.loads(row)["_row_id"] for row in found) == ["0", "1", "2", "3", "4", "5"]
    assert "No ready embedding table" in notes.fail("search", "notes", "note", "--tenant", BOB)
    assert "No result tables." in notes.succeed("tables", "list", "--tenant", BOB)
    assert "No models registered." in notes.succeed("models", "list", "--tenant", BOB)


def test_what_is_no_tenant_is_refused(jammi):
    assert jammi.fail("sources", "list", "--tenant", "alice").startswith("Tenant error: tenant id 'alice': not a UUID")
