"""The whole benchmark, in order: the floor, a filled database, the product under load, every run checked, the report."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg

from bot.bench import check
from bot.bench.figures import durability, report_of
from bot.bench.measure import Measured, measure, measure_floor
from bot.bench.phones import OUR_NUMBER, Account
from bot.bench.prepare import FLOWS, prepare
from bot.bench.process import free_port, started
from bot.bench.report import BenchFailed, Options, Report
from bot.bench.scratch import scratch_database
from bot.bench.wire import WireError
from bot.clock import SystemClock
from bot.serve import WEB_THREADS
from storage import Database

Say = Callable[[str], None]


def _progress(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def benchmark(options: Options, say: Say = _progress) -> Report:
    """As `bot.bench.run`; `say` is told what is going on."""
    clock, begin = SystemClock(), time.monotonic()
    began = clock.now()
    options.folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder)).resolve()
    try:
        floor = _floor(options, home, say)
        with scratch_database(options.database_url, home, "baton") as url:
            preparing = time.monotonic()
            prepare(url, home, options, clock.now())
            prepare_s = time.monotonic() - preparing
            say(f"{options.older_runs} older runs and {options.contacts} contacts stored in {prepare_s:.1f} s")
            since = clock.now()
            measured = _measured(options, url, home, say)
            say("checking every run")
            with closing(Database.open(url, home, read_only=True)) as database:
                _none(check.problems(database, since, len(measured.load.approvals), measured.load.sids))
        return report_of(measured, options, floor, prepare_s, began, time.monotonic() - begin)
    except (psycopg.Error, WireError, OSError) as error:
        raise BenchFailed([f"{type(error).__name__}: {error}"]) from error
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _none(problems: list[str]) -> None:
    if problems:
        raise BenchFailed(problems)


def _floor(options: Options, home: Path, say: Say) -> float:
    say("the floor: two bare inserts and commits a run")
    port = free_port()
    with scratch_database(options.database_url, home, "floor") as url:
        settings = {"PORT": str(port), "DATABASE_URL": url, "THREADS": str(WEB_THREADS)}
        with started("bot.bench.floor", settings=settings, folder=home):
            return asyncio.run(measure_floor(port, _account(port), options))


def _measured(options: Options, url: str, home: Path, say: Say) -> Measured:
    port, provider_port = free_port(), free_port()
    account = _account(port)
    credentials = {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.token}
    ours = _server_settings(account, url, home, provider_port) | credentials | {"PORT": str(port)}
    theirs = credentials | {"PORT": str(provider_port)}
    with (
        started("bot.bench.provider", settings=theirs, folder=home) as provider,
        started("bot.cli", "serve", settings=ours, folder=home) as server,
    ):
        try:
            measured = asyncio.run(measure(options, account, (port, provider_port), (server, provider), say))
        except (WireError, BenchFailed) as error:
            raise BenchFailed([str(error), "the server's last words:", server.last_words()]) from error
        _none([] if server.alive else ["the server ended by itself:", server.last_words()])
    durability(measured.health)
    return measured


def _account(port: int) -> Account:
    return Account(f"AC{secrets.token_hex(16)}", secrets.token_hex(16), f"http://127.0.0.1:{port}")


def _server_settings(account: Account, url: str, home: Path, provider_port: int) -> dict[str, str]:
    return {
        "BATON_HOME": str(home),
        "BATON_UNDO_SECONDS": "0",
        "BATON_FLOWS": str(home / FLOWS),
        "BATON_TEMPLATES": "none",
        "DATABASE_URL": url,
        "PUBLIC_BASE_URL": account.base,
        "TWILIO_WHATSAPP_FROM": OUR_NUMBER,
        "TWILIO_API_BASE": f"http://127.0.0.1:{provider_port}",
    }
