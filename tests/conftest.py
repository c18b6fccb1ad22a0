"""What all tests share: both databases, a home folder, a clock that stands still, and no way out to the network."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from storage import Database, Unit
from storage.migrations import migrate

T = TypeVar("T")
Do = Callable[[Callable[[Unit], T]], T]

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


class NetworkForbidden(RuntimeError):
    """A test reached for the network outside this machine."""


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuse every connection and name look-up that would leave the machine."""

    def refuse(host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
        if not name.startswith(LOOPBACK):
            raise NetworkForbidden(f"a test wanted to reach {name}")

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, *arguments: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                refuse(arguments[-1][0])
            return method(self, *arguments)

        return call

    look_up = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **more: Any) -> Any:
        refuse(host)
        return look_up(host, *arguments, **more)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", resolve)
        yield


class FixedClock:
    """Stands at a Monday morning in March 2026 until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> datetime:
        self.at += by
        return self.at


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def now(clock: FixedClock) -> datetime:
    return clock.now()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of one installation."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@dataclass(frozen=True)
class Cluster:
    """A private PostgreSQL server on loopback, with a migrated database to copy."""

    port: int

    def url(self, name: str) -> str:
        return f"postgresql://baton@127.0.0.1:{self.port}/{name}"

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute(statement.encode())

    @contextlib.contextmanager
    def database(self, template: str = "migrated") -> Iterator[str]:
        """The URL of a new database, dropped afterwards."""
        name = f"test_{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


def server_programs() -> Path | None:
    """The folder with PostgreSQL's own programs, newest version first."""
    in_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]), reverse=True)
    found = [Path(in_path), *installed] if in_path else installed
    return found[0].parent if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged() -> dict[str, Any]:
    """How to start a process: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    names = {user.pw_name: user for user in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL of this test process's own. Skipped where none is installed, except in CI."""
    programs = server_programs()
    if programs is None and os.environ.get("CI"):
        pytest.fail("CI must install PostgreSQL: half of the storage tests need it")
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql): its tests are skipped")
    folder = Path(tempfile.mkdtemp(prefix="baton-pg-"))
    who = unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    data, port = folder / "data", free_port()
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, **who}
    initdb = [programs / "initdb", "-D", data, "-U", "baton", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(initdb, check=True, **quiet)
    settings = ["fsync=off", "max_connections=200", "shared_buffers=32MB", f"unix_socket_directories={folder}"]
    options = [part for setting in settings for part in ("-c", setting)]
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), *options], stderr=log, **quiet
    )
    try:
        cluster = Cluster(port)
        wait_until_ready(cluster, server, folder / "log")
        cluster.run("CREATE DATABASE migrated")
        migrate(cluster.url("migrated"))
        yield cluster
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()
        shutil.rmtree(folder)


def wait_until_ready(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(cluster.url("postgres"), connect_timeout=5).close()
            return
        time.sleep(0.1)
    pytest.fail("PostgreSQL did not answer within 30 seconds")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "baton.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """The URL of an empty, migrated database: the test runs once on each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), home / "baton.db")
        yield f"sqlite:///{home / 'baton.db'}"
    else:
        with request.getfixturevalue("postgresql").database() as url:
            yield url


@pytest.fixture
def database(database_url: str, home: Path) -> Iterator[Database]:
    """An open, empty database of each kind."""
    opened = Database.open(database_url, home)
    yield opened
    opened.close()


@pytest.fixture
def do(database: Database) -> Do[Any]:
    """Run one unit of work and wait for its commit."""
    return lambda work: database.write("test", work).result(timeout=30)
