"""PostgreSQL and MariaDB as sources when something goes wrong, against real servers."""

import os
import signal
import socket
import threading
import time

import pytest
from database_servers import DATABASE, USER, MariadbServer, PostgresServer, assert_says_no_password, rows

ERROR = RuntimeError


def test_a_wrong_password_registers_nothing_and_is_not_repeated(db, server, capfd):
    with pytest.raises(ERROR) as failure:
        db.add_source("shop", url=server.url(password="my secret"))
    assert "Source error: shop: " in str(failure.value)
    assert "password authentication failed" in str(failure.value) or "Access denied" in str(failure.value)
    assert_says_no_password(failure.value)
    assert [source["source_id"] for source in db.list_sources()] == ["papers"]
    assert_says_no_password(capfd.readouterr())
    db.add_source("shop", url=server.url())


def test_a_server_that_is_down_is_reported_and_found_again_when_it_is_back(shop, server, capfd):
    assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]
    server.stop()
    try:
        with pytest.raises(ERROR, match="refused|Can't connect") as failure:
            shop.sql("SELECT count(*) FROM shop.public.authors")
        assert_says_no_password(failure.value)
        with pytest.raises(ERROR) as failure:
            shop.add_source("again", url=server.url())
        assert_says_no_password(failure.value)
        assert [source["source_id"] for source in shop.list_sources()] == ["papers", "shop"]
        assert rows(shop, "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'papers'") == [("papers",)]
    finally:
        server.start()
    assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]
    assert_says_no_password(capfd.readouterr())


def test_a_changed_column_is_read_as_it_is_now(shop, server):
    server.execute("CREATE TABLE changing (a INTEGER); INSERT INTO changing VALUES (1)")
    try:
        assert rows(shop, "SELECT a FROM shop.public.changing") == [(1,)]
        server.execute("DROP TABLE changing; CREATE TABLE changing (a VARCHAR(9)); INSERT INTO changing VALUES ('x')")
        assert rows(shop, "SELECT a FROM shop.public.changing") == [("x",)]
    finally:
        server.execute("DROP TABLE changing")


SLOW_VIEW = {
    PostgresServer: "CREATE VIEW slow AS SELECT id, pg_sleep(600)::text AS s FROM authors",
    MariadbServer: "CREATE VIEW slow AS SELECT id, SLEEP(600) AS s FROM authors",
}
CONNECTIONS = {
    PostgresServer: "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%slow%' AND pid <> pg_backend_pid() AND state = 'active'",
    MariadbServer: "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%`slow`%' AND id <> CONNECTION_ID()",
}


def cut_connections(server):
    """Ends the connections that read the view `slow`."""
    if isinstance(server, PostgresServer):
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%slow%' AND pid <> pg_backend_pid()"
        )
        return
    for number in server.execute(CONNECTIONS[MariadbServer].replace("count(*)", "id")).split():
        server.execute(f"KILL CONNECTION {number}")


@pytest.fixture
def slow(shop, server):
    """The source with a view, `slow`, that the server takes half an hour to read."""
    server.execute(SLOW_VIEW[type(server)])
    yield shop
    server.execute("DROP VIEW slow")


def when_reading_slow(server, action):
    """Runs `action` in a thread of its own once the server reads the view."""

    def wait():
        while server.execute(CONNECTIONS[type(server)]) == "0":
            pass
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_connection_that_is_cut_ends_the_query_with_an_error(slow, server):
    cutter = when_reading_slow(server, lambda: cut_connections(server))
    with pytest.raises(ERROR, match="terminat|closed|Lost connection|gone away|interrupted|killed"):
        slow.sql("SELECT * FROM shop.public.slow")
    cutter.join()
    assert rows(slow, "SELECT count(*) FROM shop.public.authors") == [(3,)]


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_what_the_server_is_doing(slow, server):
    times = []
    interrupter = when_reading_slow(server, lambda: (times.append(time.monotonic()), interrupt()))
    with pytest.raises(KeyboardInterrupt):
        slow.sql("SELECT * FROM shop.public.slow")
    interrupter.join()
    assert time.monotonic() - times[0] < 5  # of the 30 minutes that the server would take
    wait_until(server, CONNECTIONS[type(server)], "0")
    assert rows(slow, "SELECT count(*) FROM shop.public.authors") == [(3,)]


def wait_until(server, question, answer):
    while server.execute(question) != answer:
        pass


def test_ctrl_c_ends_a_long_scan(shop, server):
    server.execute("CREATE TABLE numbers (n INTEGER); INSERT INTO numbers VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
    tables = ", ".join(f"numbers {name}" for name in "abcdefghi")  # a billion rows
    server.execute(f"CREATE VIEW slow AS SELECT a.n AS x, 'slow' AS s FROM {tables}")
    try:
        interrupter = when_reading_slow(server, interrupt)
        with pytest.raises(KeyboardInterrupt):
            shop.sql("SELECT max(x) FROM shop.public.slow")
        interrupter.join()
        wait_until(server, CONNECTIONS[type(server)], "0")
    finally:
        server.execute("DROP VIEW slow; DROP TABLE numbers")


@pytest.mark.parametrize("scheme, parameter", [("postgresql", "connect_timeout"), ("mysql", "connect-timeout")])
def test_a_server_that_never_answers_is_given_up(db, scheme, parameter):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"{scheme}://ann:secret@127.0.0.1:{silent.getsockname()[1]}/shop?{parameter}=2"
        with pytest.raises(ERROR, match="timeout expired|initial communication packet") as failure:
            db.add_source("shop", url=url)
    assert_says_no_password(failure.value)
    assert [source["source_id"] for source in db.list_sources()] == ["papers"]


def test_a_statement_timeout_in_the_url_of_postgres_is_kept(db, postgres):
    db.add_source("shop", url=postgres.url() + "?options=-c%20statement_timeout%3D200")
    postgres.execute(SLOW_VIEW[PostgresServer])
    try:
        with pytest.raises(ERROR, match="statement timeout"):
            db.sql("SELECT * FROM shop.public.slow")
        assert rows(db, "SELECT count(*) FROM shop.public.authors") == [(3,)]
    finally:
        postgres.execute("DROP VIEW slow")


def test_a_table_that_is_gone_is_said_to_be_missing(shop, server):
    server.execute("CREATE TABLE doomed (a INTEGER); INSERT INTO doomed VALUES (1)")
    assert rows(shop, "SELECT a FROM shop.public.doomed") == [(1,)]
    server.execute("DROP TABLE doomed")
    with pytest.raises(ERROR, match="no such table: shop.public.doomed"):
        shop.sql("SELECT a FROM shop.public.doomed")
    assert "doomed" not in str(shop.describe_source("shop"))
    assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]


def connections(server):
    """How many the server has of ours."""
    if isinstance(server, PostgresServer):
        return int(server.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'jammi-%'"))
    return int(server.execute(f"SELECT count(*) FROM information_schema.processlist WHERE user = '{USER}'"))


def connections_made(server):
    """How many times somebody connected to the server as our user."""
    log = server.log_file.read_text(encoding="utf-8")
    if isinstance(server, PostgresServer):
        return log.count("connection authorized: user=jammi database=shop application_name=jammi-")
    return log.count(f"{USER}@127.0.0.1 on {DATABASE}")


def test_connections_are_kept_between_statements_and_closed_with_the_database(db, server):
    before = connections(server)
    db.add_source("shop", url=server.url())
    made = connections_made(server)
    for _ in range(5):
        shop_rows = "SELECT a.id FROM shop.public.articles a JOIN shop.public.authors w ON w.id = a.author_id"
        assert len(db.sql(shop_rows)) == 4
    db.describe_source("shop")
    assert connections_made(server) == made
    assert connections(server) == before + 1
    db.remove_source("shop")
    wait_until_connections(server, before)
    db.add_source("shop", url=server.url())
    db.close()
    wait_until_connections(server, before)


def wait_until_connections(server, count):
    while connections(server) != count:
        pass


def test_connections_that_many_threads_made_are_kept_up_to_a_bound(shop, server):
    def read(barrier):
        barrier.wait()
        for _ in range(3):
            assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]

    barrier = threading.Barrier(12)
    threads = [threading.Thread(target=read, args=[barrier]) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while connections(server) > 8:
        pass
    assert connections(server) >= 1


def test_a_search_gives_back_the_sources_columns_without_connecting_again(shop, server, model):
    shop.generate_text_embeddings(source="shop", model=model, columns=["title"], key="id")
    query = shop.encode_text_query(model, "Rice")
    made = connections_made(server)
    for _ in range(3):
        assert shop.search("shop", query=query, k=2, filter="published").run().num_rows == 2
    assert connections_made(server) == made


def test_a_kept_connection_that_was_cut_is_replaced(shop, server):
    assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]
    if isinstance(server, PostgresServer):
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'jammi-%'")
    else:
        for number in server.execute(f"SELECT id FROM information_schema.processlist WHERE user = '{USER}'").split():
            server.execute(f"KILL CONNECTION {number}")
    assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]


def test_what_does_not_name_the_source_asks_nothing_of_its_server(shop, server):
    assert rows(shop, "SELECT count(*) FROM shop.public.authors") == [(3,)]
    before = server.statements()
    for relation in ("nowhere", "papers.public.nowhere", "nowhere.public.authors"):
        with pytest.raises(ERROR, match="nowhere"):
            shop.sql(f"SELECT * FROM {relation}")
    assert len(shop.sql("SELECT * FROM duckdb_databases()")) > 0
    assert rows(shop, "SELECT count(*) FROM papers.public.papers") == [(20,)]
    assert server.statements() == before
