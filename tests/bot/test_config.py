"""Settings: which channels are on, when the simulator is, and what is refused with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import ConfigurationError, Settings, load

WHATSAPP = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_WHATSAPP_FROM": "+14155550100",
    "PUBLIC_BASE_URL": "https://baton.example.com",
}
TELEGRAM = {"TELEGRAM_BOT_TOKEN": "1:x", "TELEGRAM_WEBHOOK_SECRET": "word"}
MAIL = {"SMTP_URL": "smtp://mail.example.com", "EMAIL_FROM": "baton@example.com"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load()


def test_with_nothing_set_the_simulator_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = settings(monkeypatch)
    assert plain.simulated
    assert (plain.port, plain.baton_home) == (8080, Path("var"))


@pytest.mark.parametrize(("given", "on"), [(WHATSAPP, "has_whatsapp"), (TELEGRAM, "has_telegram"), (MAIL, "has_email")])
def test_a_channel_is_on_when_its_settings_are_there(given: dict[str, str], on: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = settings(monkeypatch, **given)
    assert getattr(known, on)
    assert not known.simulated


def test_settings_come_from_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nTELEGRAM_BOT_TOKEN=1:x\nTELEGRAM_WEBHOOK_SECRET=word\n")
    known = settings(monkeypatch)
    assert known.port == 9000
    assert known.has_telegram


@pytest.mark.parametrize("credential", ["TWILIO_AUTH_TOKEN", "TELEGRAM_BOT_TOKEN", "SMTP_URL", "IMAP_URL", "OPENAI_API_KEY"])
def test_the_simulator_never_runs_beside_a_real_credential(credential: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=rf"BATON_SIMULATOR=1 cannot run beside a real credential \({credential}\)"):
        settings(monkeypatch, BATON_SIMULATOR="1", **{credential: "x"})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"TWILIO_ACCOUNT_SID": "AC1"}, "WhatsApp needs all of"),
        ({name: value for name, value in WHATSAPP.items() if name != "PUBLIC_BASE_URL"}, "WhatsApp needs PUBLIC_BASE_URL"),
        ({"TELEGRAM_BOT_TOKEN": "1:x"}, "Telegram needs TELEGRAM_WEBHOOK_SECRET"),
        ({"SMTP_URL": "smtp://mail.example.com"}, "Email needs both SMTP_URL and EMAIL_FROM"),
        ({"BATON_ZONE": "Mars/Base"}, "BATON_ZONE=Mars/Base is not a time zone"),
        ({"PORT": "many"}, "PORT: Input should be a valid integer"),
    ],
)
def test_what_is_missing_or_wrong_is_named(given: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=says):
        settings(monkeypatch, **given)
