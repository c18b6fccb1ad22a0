"""What is wrong with a message is told to its sender; the run stays as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage import DatabaseUnavailable
from tests.channels.provider import DROP, Answer
from tests.conversations.purchase import Purchase
from tests.conversations.world import World, pdf

LIMIT = 16_000_000


@pytest.mark.parametrize("channel", ["whatsapp", "telegrams", "mails"])
def test_a_wrong_signature_is_403_and_nothing_is_stored(world: World, channel: str) -> None:
    path, body, headers = getattr(world, channel)().speaks("purchase")
    before = world.inbox_count()
    for name in [name for name in headers if name.startswith("X-")]:
        for value in ("", "wrong", headers[name][:-2], headers[name] + "A"):
            assert world.post(path, body, headers | {name: value}).status_code == 403
        assert world.post(path, body, {k: v for k, v in headers.items() if k != name}).status_code == 403
    if channel != "telegrams":  # Telegram signs no body
        assert world.post(path, body + b"x", headers).status_code == 403
    assert world.inbox_count() == before
    assert world.post(path, body, headers).status_code in (200, 204)
    assert world.inbox_count() == before + 1


def test_a_malformed_body_is_4xx_and_nothing_is_stored(world: World) -> None:
    before = world.inbox_count()
    telegram = world.telegrams()
    _, _, headers = telegram.speaks("x")
    for body in (b"", b"{", b"[]", b"null", b'{"message": {}}', b'{"update_id": "x"}', b"\xff\xfe"):
        assert world.post("/webhooks/telegram", body, headers).status_code == 400
    no_sid = world.whatsapp().form({"Body": "hello"})
    assert world.post(*no_sid).status_code == 400
    for raw in (b"", b"no headers at all", b"Subject: no sender\n\nhello"):
        assert world.post(*world.mails().raw(raw)).status_code == 400
    assert world.post("/webhooks/nothing", b"", {}).status_code == 404
    assert world.inbox_count() == before


def test_without_a_database_the_provider_is_asked_to_send_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable("the disk is gone")

    webhooks = [phone.speaks("purchase") for phone in (world.whatsapp(), world.telegrams(), world.mails())]
    with monkeypatch.context() as patch:
        patch.setattr(world.product.database, "write", gone)
        assert [world.post(*webhook).status_code for webhook in webhooks] == [503, 503, 503]
    assert [world.post(*webhook).status_code for webhook in webhooks] == [200, 200, 204]
    world.settle()
    assert [world.run(f"PA-100{n}").status for n in (1, 2, 3)] == ["open"] * 3


def test_a_closed_database_is_5xx(world: World) -> None:
    webhook = world.whatsapp().speaks("purchase")
    world.product.database.close()
    assert world.post(*webhook).status_code == 503
    assert world.web.get("/healthz").status_code == 503


@pytest.mark.parametrize("channel", ["whatsapp", "telegrams"])
@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("   ", "Which vendor?"),
        ("x" * 10_000, "This answer is longer than 2000 characters. Please write it shorter."),
        ("\u200b", "There is nothing in this answer. Please write the answer as text."),
    ],
)
def test_an_empty_or_endless_message_is_answered(world: World, channel: str, said: str, answer: str) -> None:
    asker = getattr(world, channel)()
    asker.says("purchase")
    asker.says("1 pcs cupboard @ 8000")
    before = world.run()
    answers = asker.says(said)
    assert len(answers) == 1
    assert answer in answers[0]
    assert len(answers[0]) < 400
    assert world.run() == before
    assert "question 3 of 8" in asker.says("Example Traders")[0]


@pytest.mark.parametrize(
    ("content", "kind", "name", "told"),
    [
        (b"OggS" + bytes(60), "audio/ogg", "voice.ogg", "I can take photos (JPEG, PNG, WebP) and PDFs only."),
        (b"MZ\x90\x00" + bytes(200), "image/jpeg", "photo.jpg", "Please send"),
        (b"<script>alert(1)</script>", "image/jpeg", "photo.jpg", "Please send"),
        (b"", "image/jpeg", "photo.jpg", "Please send"),
        (bytes(LIMIT + 1), "application/pdf", "big.pdf", "The file is larger than 16 MB. Please send a smaller one."),
        (None, "application/pdf", "gone.pdf", "I could not fetch the file. Please send it again."),
    ],
    ids=["voice", "program", "script", "empty", "large", "gone"],
)
@pytest.mark.parametrize("channel", ["whatsapp", "telegrams"])
def test_a_file_that_cannot_be_used(world: World, channel: str, content: bytes | None, kind: str, name: str, told: str) -> None:
    asker = getattr(world, channel)()
    Purchase(world, asker).up_to("quotes")
    before = world.run()
    (answer,) = asker.sends(content, kind, name=name)
    assert told in answer
    assert len(answer) < 200
    assert world.run() == before
    assert "goes on" in asker.sends(pdf())[0]
    world.whole()


def test_a_provider_that_is_slow_to_give_a_file_is_asked_again(world: World) -> None:
    purchase = Purchase(world).up_to("quotes")
    before = world.run()
    world.twilio.next.clear()
    webhook = purchase.asker.speaks("", file=("quote.pdf", "application/pdf", pdf()))
    path = next(path for path in world.twilio.files if "/Media/" in path)
    world.twilio.refuse(path, DROP, Answer(503))
    world.post(*webhook)
    world.settle()
    assert world.run() == before
    for _ in range(2):
        world.later(seconds=60)
    assert world.open() == ["budget"]
    world.whole()


def test_a_file_that_never_comes_is_given_up_with_a_word(world: World) -> None:
    purchase = Purchase(world).up_to("quotes")
    before = world.run()
    webhook = purchase.asker.speaks("", file=("quote.pdf", "application/pdf", pdf()))
    world.twilio.refuse(next(path for path in world.twilio.files if "/Media/" in path), *[Answer(503)] * 9)
    world.post(*webhook)
    for _ in range(6):
        world.later(minutes=4)
    assert purchase.asker.texts[-1] == "PA-1001\nI could not fetch your file. Please send it again."
    assert world.run() == before


@pytest.mark.parametrize("channel", ["whatsapp", "telegrams", "mails"])
def test_a_file_where_words_are_asked(world: World, channel: str) -> None:
    asker = getattr(world, channel)()
    asker.says("purchase")
    before = world.run()
    (answer,) = asker.sends(pdf())
    assert answer.startswith("I cannot use a file here.")
    assert "What do you need?" in answer
    assert world.run() == before


def test_a_file_of_a_stranger_is_kindly_refused(world: World) -> None:
    (answer,) = world.whatsapp().sends(pdf())
    assert answer == "None of your requests waits for documents. Write “menu” to start a new request."


def test_a_known_file_is_not_counted_twice(world: World) -> None:
    purchase = Purchase(world, rate="200000").up_to("quotes")
    purchase.asker.sends(pdf("same"))
    assert purchase.asker.sends(pdf("same")) == ["PA-1001\nI already have this file. Please send the next one."]
    assert len(world.run().files) == 1


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("cupboard", "Write it like this: 10 pcs office chair @ 2500 +18%"),
        ("1 pcs cupboard @ free", "8"),
        ("-1 pcs cupboard @ 10", "Write"),
    ],
)
def test_an_answer_that_cannot_be_read_says_how(world: World, word: str, told: str) -> None:
    asker = world.whatsapp()
    asker.says("purchase")
    (answer,) = asker.says(word)
    assert answer.startswith("PA-1001\n")
    assert "rite" in answer
    assert world.run().values == {}


def test_what_is_logged_names_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.post(*world.whatsapp("+919812312312", "Canary Name").form({"Body": "canary words"}))
    path, _, headers = world.telegrams().speaks("x")
    world.post(path, json.dumps({"message": {"text": "canary words"}}).encode(), headers)
    assert caplog.records
    assert not [r for r in caplog.records if "canary" in r.getMessage().casefold() or "9812312312" in r.getMessage()]
