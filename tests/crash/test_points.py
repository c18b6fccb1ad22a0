"""Every commit and every outbound call has a named point before and after it: found by wrapping, not by a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.bootstrap import build
from bot.config import Settings
from bot.mailbox import MailboxPump
from bot.web import create_app
from tests.channels import dovecot
from tests.conftest import FixedClock
from tests.crash.child import known
from tests.crash.story import START, STORY, Phones, people
from tests.crash.trace import Trace, unnamed
from tests.crash.world import World, mail

CAST = "mixed"


class AtOnce:
    """An executor that does it now: the test tells calls apart by their order."""

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        work(*given)
        return Future()

    def shutdown(self, wait: bool) -> None:
        pass


def settings(world: World, url: str, home: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, **{**world.settings(), "baton_home": home, "database_url": url, **more})


def play(world: World, url: str, home: Path) -> Trace:
    """The whole conversation in this process, begun on an empty database, with a restart in its middle."""
    trace, clock, mark = Trace(world.ports()), FixedClock(), len(world.receipts)
    clock.at = START
    with trace.watching():
        for steps in (STORY[:4], STORY[4:]):
            product = build(settings(world, url, home), clock=clock, reach=trace.reach)
            product._taps = AtOnce()
            product.database.write("people.import", known(people(CAST), product)).result()
            web = create_app(product).test_client()
            for step in steps:
                clock.advance(step.wait)
                for call in step.says(Phones(CAST, world, world.receipts[mark:], clock.at)):
                    assert web.post(call.path, data=call.body, headers=call.headers).status_code // 100 == 2
                product.runtime.settle()
                product.runtime.sweep()
            product.close()
    return trace


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest) -> Iterator[str]:
    """The setting of an empty database: "" is SQLite under the home folder."""
    if request.param == "sqlite":
        yield ""
    else:
        with request.getfixturevalue("postgresql").database("template0") as url:
            yield url


def test_every_commit_and_call_stands_between_its_points(empty: str, home: Path, world: World, say: Callable[[str], None]):
    trace = play(world, empty, home)
    assert unnamed(trace.seen) == []
    points = {one.what for one in trace.seen if one.kind == "point"}
    commits, requests = (sum(one.kind == kind for one in trace.seen) for kind in ("commit", "request"))
    say(f"{empty.partition(':')[0] or 'sqlite'}: {commits} commits and {requests} requests between {len(points)} named points")
    for name in ("commit:migrate", "commit:keys", "commit:timer.fire", "twilio.media", "telegram.sendMessage", "smtp.send"):
        assert {f"before:{name}", f"after:{name}"} <= points, "the conversation is too small"


def _commit(transaction: Any, names: object, reach: object) -> None:
    transaction.commit()


@pytest.mark.parametrize(
    ("module", "name", "bare"),
    [
        ("storage.writer", "commit", _commit),
        ("storage.keys", "commit", _commit),
        ("storage.migrations", "commit", _commit),
        ("channels.http", "reached", lambda reach, name: nullcontext()),
        ("channels.telegram", "reached", lambda reach, name: nullcontext()),
        ("channels.email", "reached", lambda reach, name: nullcontext()),
    ],
)
def test_a_commit_or_call_without_points_is_found(
    module: str, name: str, bare: Any, home: Path, world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(import_module(module), name, bare)
    found = unnamed(play(world, "", home).seen)
    assert any("between no points" in each for each in found)


@pytest.fixture(scope="module")
def mail_server() -> Iterator[dovecot.Dovecot]:
    yield from dovecot.running()


def test_reading_our_mailbox_stands_between_points(mail_server: dovecot.Dovecot, home: Path, world: World):
    clock, trace = FixedClock(), Trace(world.ports())
    user, password = quote(dovecot.USER, safe=""), quote(dovecot.PASSWORD, safe="")
    with trace.watching():
        own = settings(world, "", home, imap_url=f"imap://{user}:{password}@127.0.0.1:{mail_server.port}")
        with closing(build(own, clock=clock, reach=trace.reach)) as product:
            pump = MailboxPump(product)
            pump.read_new()
            told = len(trace.seen)
            with mail_server.client() as client:
                client.append("INBOX", None, None, mail("riya@example.org", 1, "errand", at=clock.at).body)
            del trace.seen[told:]  # somebody else's mail program
            assert pump.read_new() == 1
            pump._mailbox.close()
    assert unnamed(trace.seen) == []
    points = {one.what for one in trace.seen if one.kind == "point"}
    assert {"before:imap.end", "before:imap.poll", "before:commit:imap.cursor", "before:commit:inbox.insert"} <= points
