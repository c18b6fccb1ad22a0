"""What is Telegram's own, beyond the contract: the loop, the token that must not leak, refusals, files."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from channels.base import (
    Attachment,
    Button,
    ChannelError,
    ConfigurationError,
    EventKind,
    Inbound,
    Media,
    MediaError,
    Message,
    SendError,
)
from channels.loop import BackgroundLoop
from channels.telegram import Telegram
from tests.channels.case_telegram import CHAT, SECRET, TOKEN, TelegramCase, refusal
from tests.channels.provider import DROP, Answer


@pytest.fixture
def case() -> Iterator[TelegramCase]:
    case = TelegramCase()
    yield case
    case.close()


@pytest.fixture
def channel(case: TelegramCase) -> Iterator[Telegram]:
    channel = case.channel()
    yield channel
    channel.close()


def note(text: str = "A private note", **more: Any) -> Message:
    return Message(to=CHAT, text=text, key="1", **more)


def methods(case: TelegramCase) -> list[str]:
    return [request.path.rpartition("/")[2] for request in case.provider.taken]


# --- one loop -------------------------------------------------------------------------------------------------------


def test_an_adapter_that_only_reads_has_no_thread(case: TelegramCase, channel: Telegram) -> None:
    before = threading.active_count()
    webhook = case.signed(b'{"update_id": 1}')
    channel.parse(webhook.body, webhook.headers)
    assert threading.active_count() == before


def sends_again_and_again(channel: Telegram) -> None:
    assert len({channel.send(note(f"Note {n}")).ids for n in range(3)}) == 3


def test_calls_share_one_loop(channel: Telegram) -> None:
    sends_again_and_again(channel)
    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(lambda n: channel.send(note(f"Note {n}")), range(24)))
    assert len({one.ids for one in sent}) == 24


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the bug leaves its connections open
def test_a_loop_per_call_is_caught(case: TelegramCase, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = case.channel()
    monkeypatch.setattr(BackgroundLoop, "run", lambda self, work, seconds: asyncio.run(work))
    with pytest.raises(SendError):
        sends_again_and_again(channel)
    channel.close()
    del channel
    gc.collect()


def test_closing_ends_a_call_that_hangs(case: TelegramCase) -> None:
    channel = case.channel()
    case.provider.refuse("/sendMessage", Answer(delay=3.0))
    with ThreadPoolExecutor(1) as threads:
        pending = threads.submit(channel.send, note())
        while not case.provider.requests:
            time.sleep(0.01)
        channel.close()
        with pytest.raises(SendError) as refused:
            pending.result(2)
    assert refused.value.unknown
    with pytest.raises(SendError) as refused:
        channel.send(note())
    assert refused.value.retryable


# --- the token ------------------------------------------------------------------------------------------------------


def fails_in_every_way(case: TelegramCase, channel: Telegram) -> Iterator[Callable[[], object]]:
    file = case.media(b"%PDF")
    yield lambda: channel.fetch(Media("no-such-file", ""), 10)
    yield lambda: channel.fetch(file, 1)
    case.provider.refuse("/BQACAgUAAxkBAAI9", Answer(404), DROP)
    yield lambda: channel.fetch(file, 100)
    yield lambda: channel.fetch(file, 100)
    case.provider.refuse(
        "/sendMessage", DROP, Answer(200, b"no json"), refusal(401, "Unauthorized"), refusal(400, f"what is {TOKEN}?")
    )
    for _ in range(4):
        yield lambda: channel.send(note())
    case.provider.close()
    yield lambda: channel.send(note())
    yield lambda: channel.fetch(file, 100)


def test_the_token_is_in_no_log_and_no_error(case: TelegramCase, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel = case.channel()
    channel.send(note())
    channel.fetch(case.media(b"%PDF"), 10)
    told = []
    for attempt in fails_in_every_way(case, channel):
        with pytest.raises(ChannelError) as failed:
            attempt()
        told += traceback.format_exception(failed.value)
    channel.close()
    assert len(caplog.records) > 10
    assert "/sendMessage" in caplog.text  # the libraries' own records of addresses are there
    secret = TOKEN.partition(":")[2]
    assert secret not in caplog.text
    assert note().text not in caplog.text  # nor anything that people write
    assert not [line for line in told if secret in line]


def test_without_the_filter_the_token_would_be_logged(
    case: TelegramCase, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.http.Redacted.install", lambda self: None)
    with pytest.raises(AssertionError):
        test_the_token_is_in_no_log_and_no_error(case, caplog)


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code", "retryable", "unknown"),
    [
        (refusal(429, "Too Many Requests: retry after 7", retry_after=7), "429", True, False),
        (Answer(429, b"slow down"), "429", True, False),
        (refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1001), "migrated", True, False),
        (refusal(400, "Bad Request: chat not found"), "400", False, False),
        (refusal(403, "Forbidden: bot can't initiate conversation with a user"), "403", False, False),
        (refusal(401, "Unauthorized"), "401", False, False),
        (refusal(409, "Conflict"), "409", False, False),
        (refusal(500, "Internal Server Error"), "5xx", True, False),
        (Answer(502, b"<html>bad gateway"), "5xx", True, False),
        (Answer(200, b"<html>thanks"), "TelegramError", False, True),
        (Answer.json({"ok": True}), "KeyError", False, True),
        (DROP, "NetworkError", False, True),
    ],
)
def test_refusals_mean_what_the_bot_api_says(
    case: TelegramCase, channel: Telegram, answer: Answer, code: str, retryable: bool, unknown: bool
) -> None:
    case.provider.refuse("/sendMessage", answer)
    with pytest.raises(SendError) as refused:
        channel.send(note())
    assert (refused.value.code, refused.value.retryable, refused.value.unknown) == (code, retryable, unknown)


def test_telegram_says_how_long_to_wait(case: TelegramCase, channel: Telegram) -> None:
    case.provider.refuse("/sendMessage", refusal(429, "Too Many Requests", retry_after=7))
    with pytest.raises(SendError) as refused:
        channel.send(note())
    assert refused.value.retry_after == 7


def test_no_answer_in_time_leaves_it_unknown(case: TelegramCase, channel: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.telegram._LONGEST_CALL", 0.1)
    case.provider.refuse("/sendMessage", Answer(delay=0.4))
    with pytest.raises(SendError) as refused:
        channel.send(note())
    assert refused.value.unknown


@pytest.mark.parametrize("to", ["", "@sample", "12a", "१२", "1" * 30])
def test_what_is_no_id_is_not_sent(case: TelegramCase, channel: Telegram, to: str) -> None:
    with pytest.raises(SendError):
        channel.send(Message(to=to, text="Hello", key="1"))
    assert not case.provider.requests


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_ids_name_the_chat(channel: Telegram) -> None:
    (first,) = channel.send(note()).ids
    assert first == f"{CHAT}:1"


def test_a_message_quotes_within_its_chat_only(case: TelegramCase, channel: Telegram) -> None:
    channel.send(note(quote=f"{CHAT}:41"))
    channel.send(note(quote="-1001:41"))
    here, elsewhere = (request.fields() for request in case.provider.taken)
    assert json.loads(here["reply_parameters"]) == {"message_id": 41, "allow_sending_without_reply": True}
    assert "reply_parameters" not in elsewhere


def test_photos_are_shown_and_other_files_are_handed_over(case: TelegramCase, channel: Telegram) -> None:
    photo, order = Attachment("a.jpg", "image/jpeg", b"\xff\xd8"), Attachment("PO-7.pdf", "application/pdf", b"%PDF")
    channel.send(note("", buttons=(Button("Approve", "t-1"),), attachments=(photo, order)))
    assert methods(case) == ["sendPhoto", "sendDocument"]
    assert [seen.tokens for seen in case.seen()] == [("t-1",), ()]
    assert case.provider.taken[1].fields()["document"] == ("PO-7.pdf", "application/pdf", b"%PDF")


def test_a_tap_is_acknowledged_with_a_short_note(case: TelegramCase, channel: Telegram) -> None:
    tap = Inbound("telegram", "1", EventKind.TAP, "1", CHAT, b"", callback="4382")
    channel.acknowledge(tap, "n" * 300)
    (request,) = case.provider.taken
    assert request.fields() == {"callback_query_id": "4382", "text": "n" * 200}
    case.provider.refuse("/answerCallbackQuery", refusal(400, "Bad Request: query is too old and response timeout expired"))
    channel.acknowledge(tap)


def test_telegram_is_told_where_to_call_and_drops_nothing(case: TelegramCase, channel: Telegram) -> None:
    channel.subscribe("https://baton.example/")
    told = case.provider.taken[0].fields()
    assert told["url"] == "https://baton.example/webhooks/telegram"
    assert told["secret_token"] == SECRET
    assert json.loads(told["allowed_updates"]) == ["message", "edited_message", "callback_query"]
    assert told.get("drop_pending_updates", "false") == "false"


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_file_known_to_be_too_large_is_not_downloaded(case: TelegramCase, channel: Telegram) -> None:
    with pytest.raises(MediaError) as refused:
        channel.fetch(case.media(b"x" * 11), 10)
    assert refused.value.too_large
    assert methods(case) == ["getFile"]


def test_a_file_telegram_will_not_hand_out_is_too_large(case: TelegramCase, channel: Telegram) -> None:
    case.provider.refuse("/getFile", refusal(400, "Bad Request: file is too big"))
    with pytest.raises(MediaError) as refused:
        channel.fetch(case.media(b"x"), 10)
    assert refused.value.too_large


@pytest.mark.parametrize("path", ["/etc/hostname", "", None])
def test_a_path_on_our_own_disk_is_no_file_of_theirs(case: TelegramCase, channel: Telegram, path: str | None) -> None:
    told = {"file_id": "f", "file_unique_id": "u", "file_path": path}
    case.provider.refuse("/getFile", Answer.json({"ok": True, "result": told}))
    with pytest.raises(MediaError):
        channel.fetch(Media("f", ""), 10_000)


@pytest.mark.parametrize("missing", [{"token": "", "secret": SECRET}, {"token": TOKEN, "secret": ""}])
def test_a_missing_setting_is_named(missing: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="TELEGRAM_"):
        Telegram(**missing)
