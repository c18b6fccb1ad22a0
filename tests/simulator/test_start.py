"""What the simulator makes before anything runs: settings, credentials, the cast; and what a restart finds."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.config import Settings
from bot.library import flow_files
from bot.simulator import PEOPLE, open_clock, prepare
from flows.loader import load
from tests.simulator.site import DEV, RIYA, Site, wait_for


def fresh(home: Path, **given: object) -> Settings:
    return Settings(_env_file=None, baton_home=home, **given)  # type: ignore[arg-type]


def test_the_prepared_settings_are_the_simulators_own(tmp_path: Path) -> None:
    given = fresh(tmp_path, port=8123, database_url="sqlite:///elsewhere.db", public_base_url="https://real.example")
    ours = prepare(given)
    assert ours.simulated
    assert ours.has_whatsapp
    assert ours.has_telegram
    assert ours.has_email
    assert ours.baton_home == tmp_path / "simulator"
    assert ours.database_url == ""
    assert ours.public_base_url == "http://127.0.0.1:8123"
    assert ours.twilio_api_base == "http://127.0.0.1:8123/simulator/twilio"
    assert ours.telegram_api_base == "http://127.0.0.1:8123/simulator/telegram"
    assert re.fullmatch(r"smtp://127\.0\.0\.1:\d+", ours.smtp_url)
    assert re.fullmatch(r"AC[0-9a-f]{32}", ours.twilio_account_sid)
    assert re.fullmatch(r"\d{10}:\w{35}", ours.telegram_bot_token)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", ours.telegram_webhook_secret)
    assert given.baton_home == tmp_path, "the given settings are not touched"


def test_credentials_are_random_private_and_kept(tmp_path: Path) -> None:
    first, again = prepare(fresh(tmp_path / "a")), prepare(fresh(tmp_path / "a"))
    other = prepare(fresh(tmp_path / "b"))
    assert first.twilio_auth_token == again.twilio_auth_token
    assert first.twilio_auth_token != other.twilio_auth_token
    assert stat.S_IMODE((tmp_path / "a/simulator/credentials.json").stat().st_mode) == 0o600


def test_with_a_real_account_nothing_is_made(tmp_path: Path) -> None:
    real = fresh(tmp_path, smtp_url="smtp://mail.example", email_from="us@mail.example")
    assert prepare(real) is real
    assert list(tmp_path.iterdir()) == []


def test_the_cast_can_decide_everything() -> None:
    people = YAML(typ="safe").load(PEOPLE.read_text())
    assert all(set(person) == {"name", "language", "roles", "addresses"} for person in people)
    assert sum("committee" in person["roles"] for person in people) == 3
    held = {role for person in people for role in person["roles"]}
    shown = flow_files(Settings(_env_file=None, baton_home=Path("nowhere")), load)
    assert held >= {role for file in shown.values() for role in file.flow.roles}, "every role of what the simulator shows"
    channels = [channel for person in people for channel in person["addresses"]]
    assert channels == ["whatsapp", "whatsapp", "telegram", "whatsapp", "email", "whatsapp", "whatsapp"]


def test_a_restart_shows_the_same_screens_and_time(start: Callable[..., Site], tmp_path: Path) -> None:
    site = start(tmp_path)
    site.simulator.hands.write(RIYA, "purchase")
    wait_for(lambda: site.shown(RIYA)[0]["state"] == "delivered")
    site.clock.advance(timedelta(hours=4))
    before = site.shown(RIYA)

    again = start(tmp_path)
    assert again.shown(RIYA) == before
    assert again.clock.offset == timedelta(hours=4)
    again.simulator.hands.write(RIYA, "help")
    assert [bubble["id"] for bubble in again.shown(RIYA)] == [1, 2], "ids go on"


def test_a_message_under_way_at_a_stop_can_be_sent_again(start: Callable[..., Site], tmp_path: Path) -> None:
    site = start(tmp_path)
    site.answers = [503] * 9
    site.simulator.hands.write(DEV, "hello")
    wait_for(lambda: site.received)

    again = start(tmp_path)
    [bubble] = again.shown(DEV)
    assert (bubble["state"], bubble["problem"]) in [("failed", "Baton was stopped"), ("failed", "answer 503")]
    again.simulator.hands.send_again(bubble["id"])
    wait_for(lambda: again.shown(DEV)[0]["state"] == "delivered")
    assert again.received[0].form["MessageSid"] == site.received[0].form["MessageSid"], "the provider's id stays"


def test_the_clock_lives_in_the_simulators_home(tmp_path: Path) -> None:
    settings = prepare(fresh(tmp_path))
    open_clock(settings).advance(timedelta(hours=1))
    assert open_clock(settings).offset == timedelta(hours=1)
    assert (tmp_path / "simulator/clock").exists()
    with pytest.raises(ValueError, match="forward"):
        open_clock(settings).advance(timedelta(seconds=-1))


def test_the_adapters_load_without_the_simulator() -> None:
    """With the package gone, every adapter imports, and importing them all never asks for it."""
    code = (
        "import sys, pkgutil, importlib\n"
        "sys.modules['bot.simulator'] = None\n"
        "import channels\n"
        "for found in pkgutil.walk_packages(channels.__path__, 'channels.'): importlib.import_module(found.name)\n"
        "assert not any(name.startswith('bot') for name in sys.modules if name != 'bot.simulator')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)


def test_no_adapter_mentions_the_simulator() -> None:
    root = Path(__file__).parents[2] / "channels"
    sources = list(root.rglob("*.py"))
    assert sources
    assert [path.name for path in sources if "simulat" in path.read_text().lower()] == []
