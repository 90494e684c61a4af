"""A PostgreSQL and a MariaDB server for tests: started on a free port of the loopback in a directory of their own."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
from urllib.parse import quote

USER, PASSWORD = "jammi", "top secret: p@ss/word?"  # which a URL has to escape
DATABASE = "shop"
TABLES = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(100), institution VARCHAR(100));
INSERT INTO authors VALUES (1, 'Ann', 'MIT'), (2, 'Bo', 'ETH'), (3, 'Cy', NULL);
CREATE TABLE articles (id INTEGER PRIMARY KEY, title VARCHAR(100), abstract TEXT, author_id INTEGER, published BOOLEAN);
INSERT INTO articles VALUES
  (1, 'Solar panels', 'On roofs', 1, true), (2, 'Rice', 'With fish', 2, false), (3, 'Meaning', NULL, 1, true),
  (4, 'The old city', 'A walk', 3, true);
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_user(user):
    """What to put before a command so that it runs as a server's own user: servers refuse to run as root."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if os.geteuid() == 0 else []


class Server:
    scheme: str
    owner: str  # the system's user that it runs as

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="jammi-server-", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(self.directory, self.owner, self.owner)
        self.port = free_port()
        self.create()
        self.start()

    def url(self, database=DATABASE, user=USER, password=PASSWORD):
        return f"{self.scheme}://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def delete(self):
        self.stop()
        shutil.rmtree(self.directory)


class PostgresServer(Server):
    scheme, owner = "postgresql", "postgres"
    binaries = pathlib.Path("/usr/lib/postgresql/18/bin")

    def create(self):
        password_file = self.directory / "password"
        password_file.write_text(PASSWORD)
        password_file.chmod(0o644)
        self.run("initdb", "-D", self.directory / "data", "-A", "scram-sha-256", "-U", USER, f"--pwfile={password_file}",
                 "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
        with open(self.directory / "data" / "postgresql.auto.conf", "a", encoding="utf-8") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nfsync = off\nlog_statement = all\n"
                f"log_connections = authorization\n"
                f"unix_socket_directories = ''\n"
            )

    def run(self, program, *arguments):
        # Into a file: a server that inherits a pipe keeps it open.
        with open(self.directory.with_suffix(".out"), "w", encoding="utf-8") as output:
            subprocess.run(
                [*as_user(self.owner), str(self.binaries / program), *map(str, arguments)],
                cwd=self.directory, stdout=output, stderr=output, check=True, timeout=120,
            )  # fmt: skip

    def start(self):
        self.run("pg_ctl", "-D", self.directory / "data", "-l", self.log_file, "-w", "-t", "60", "start")

    def stop(self):
        self.run("pg_ctl", "-D", self.directory / "data", "-m", "immediate", "-w", "stop")

    @property
    def log_file(self):
        return self.directory / "log"

    def statements(self):
        """What the server was asked to run so far."""
        return [line.split("statement: ", 1)[1] for line in self.log_file.read_text().splitlines() if "statement: " in line]

    def execute(self, sql, database=DATABASE):
        result = subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database],
            input=sql, env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()


class MariadbServer(Server):
    scheme, owner = "mysql", "mysql"

    def create(self):
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", *self.user_option(), f"--datadir={self.directory / 'data'}",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=120,
        )  # fmt: skip

    def user_option(self):
        return [f"--user={self.owner}"] if os.geteuid() == 0 else []

    def start(self):
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", *self.user_option(), f"--datadir={self.directory / 'data'}",
             f"--socket={self.socket}", f"--pid-file={self.directory / 'pid'}", f"--port={self.port}",
             "--bind-address=127.0.0.1", "--skip-name-resolve", "--general-log", f"--general-log-file={self.log_file}",
             "--character-set-server=utf8mb4"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        ping = ["mariadb-admin", "--no-defaults", "-S", str(self.socket), "-u", "root", "ping"]
        for _ in range(600):
            if subprocess.run(ping, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)  # between two questions whether it is up
        raise TimeoutError("mariadbd did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)

    @property
    def socket(self):
        return self.directory / "socket"

    @property
    def log_file(self):
        return self.directory / "log"

    def statements(self):
        """What the server was asked to run so far."""
        kinds = ("Query\t", "Execute\t", "Prepare\t")
        lines = self.log_file.read_text(encoding="utf-8").splitlines()
        return [line.split(kind, 1)[1] for line in lines for kind in kinds if kind in line]

    def execute(self, sql, database=DATABASE):
        result = subprocess.run(
            ["mariadb", "--no-defaults", "-N", "-B", "--default-character-set=utf8mb4", "-S", str(self.socket), "-u", "root",
             database],
            input=sql, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()


def rows(db, query):
    return [tuple(row.values()) for row in db.sql(query).to_pylist()]


def assert_says_no_password(text):
    for part in (PASSWORD, "p%40ss", "secret"):
        assert part not in str(text)
