"""Telegram: the official library against the fake Bot API, and updates that it reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters, Update
from telegram.error import BadRequest, InvalidToken

from bot.simulator.telegram import picture_size
from tests.simulator.site import FARAH, Site, wait_for

CHAT = 1001
Call = Callable[[Callable[[Bot], Awaitable[Any]]], Any]


@pytest.fixture
def call(site: Site) -> Call:
    def run(work: Callable[[Bot], Awaitable[Any]]) -> Any:
        async def once() -> Any:
            base = site.settings.telegram_api_base
            async with Bot(site.settings.telegram_bot_token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot") as bot:
                return await work(bot)

        return asyncio.run(once())

    return run


def keyboard(*tokens: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(f"Button {n}", callback_data=token)] for n, token in enumerate(tokens)])


def update(site: Site, number: int = -1) -> Update:
    got = wait_for(lambda: site.at("/webhooks/telegram"))[number]
    assert got.headers["X-Telegram-Bot-Api-Secret-Token"] == site.settings.telegram_webhook_secret
    found = Update.de_json(json.loads(got.body), None)
    assert isinstance(found, Update)
    return found


# --- towards the product -------------------------------------------------------------------------------------------


def test_a_written_message_is_an_update(site: Site) -> None:
    site.simulator.hands.write(FARAH, "/status now")
    found = update(site)
    assert found.message is not None
    assert (found.message.text, found.message.chat.id, found.message.from_user.id) == ("/status now", CHAT, CHAT)
    assert found.message.date == site.simulator.store.screen(FARAH)[0].at.replace(microsecond=0)
    assert found.message.entities[0].type == "bot_command"
    site.simulator.hands.write(FARAH, "second")
    wait_for(lambda: len(site.at("/webhooks/telegram")) == 2)
    assert update(site).update_id == found.update_id + 1


def test_a_tap_waits_until_it_is_answered(site: Site, call: Call) -> None:
    sent = call(lambda bot: bot.send_message(CHAT, "Decide", reply_markup=keyboard("yes", "no")))
    [shown] = site.shown(FARAH)
    assert site.api("tap", json={"phone": FARAH, "bubble": shown["id"], "choice": 1}).status_code == 202
    query = update(site).callback_query
    assert query is not None
    assert (query.data, query.from_user.id, query.message.message_id) == ("no", CHAT, sent.message_id)
    assert site.shown(FARAH)[0]["waiting"]
    again = site.api("tap", json={"phone": FARAH, "bubble": shown["id"], "choice": 0})
    assert again.status_code == 422, "one tap at a time"

    assert call(lambda bot: bot.answer_callback_query(query.id, "Rejected"))
    assert not site.shown(FARAH)[0]["waiting"]
    assert site.shown(FARAH)[1]["text"] == "Rejected"
    with pytest.raises(BadRequest, match=r"[Qq]uery is too old"):
        call(lambda bot: bot.answer_callback_query(query.id))


def test_a_tap_that_is_not_accepted_says_so(site: Site, call: Call) -> None:
    site.simulator.world.post._pauses = (0.01,)
    call(lambda bot: bot.send_message(CHAT, "Decide", reply_markup=keyboard("yes")))
    site.answers = [500, 500]
    site.simulator.hands.tap(FARAH, site.shown(FARAH)[0]["id"], 0)
    wait_for(lambda: "Please tap again" in site.shown(FARAH)[-1]["text"])
    assert not site.shown(FARAH)[0]["waiting"]


def test_a_reply_holds_the_message_it_answers(site: Site, call: Call) -> None:
    sent = call(lambda bot: bot.send_message(CHAT, "How many?"))
    site.simulator.hands.write(FARAH, "six", quote=site.shown(FARAH)[0]["id"])
    message = update(site).message
    assert message is not None
    assert message.reply_to_message.message_id == sent.message_id
    assert message.reply_to_message.from_user.is_bot


def test_files_come_as_photo_and_document_and_can_be_fetched(site: Site, call: Call) -> None:
    site.simulator.hands.attach_sample(FARAH, "photo", text="goods")
    photo = update(site).message
    assert photo is not None
    assert photo.caption == "goods"
    assert (photo.photo[0].width, photo.photo[0].height) == (693, 520)

    site.simulator.hands.attach_sample(FARAH, "quote")
    wait_for(lambda: len(site.at("/webhooks/telegram")) == 2)
    document = update(site).message.document  # type: ignore[union-attr]
    assert (document.file_name, document.mime_type) == ("quote-SS-Q-2041.pdf", "application/pdf")  # type: ignore[union-attr]

    async def fetch(bot: Bot) -> bytes:
        return bytes(await (await bot.get_file(document.file_id)).download_as_bytearray())  # type: ignore[union-attr]

    assert call(fetch).startswith(b"%PDF")


def test_the_bot_may_not_download_more_than_20_mb(site: Site, call: Call) -> None:
    file = site.simulator.store.put_file("big.bin", "application/zip", b"x" * ((20 << 20) + 1))
    with pytest.raises(BadRequest, match=r"[Ff]ile is too big"):
        call(lambda bot: bot.get_file(file.token))


# --- towards the person --------------------------------------------------------------------------------------------


def test_sends_show_on_the_phone(site: Site, call: Call) -> None:
    me = call(lambda bot: bot.get_me())
    assert me.is_bot
    first = call(lambda bot: bot.send_message(CHAT, "one"))
    reply = call(lambda bot: bot.send_message(CHAT, "two", reply_parameters=ReplyParameters(first.message_id)))
    assert reply.reply_to_message.message_id == first.message_id
    sent = call(lambda bot: bot.send_document(CHAT, b"%PDF-1.7", filename="PO-1.pdf", caption="The order"))
    assert sent.document.file_name == "PO-1.pdf"
    call(lambda bot: bot.send_photo(CHAT, site.simulator.store.file(photo_token(site))[1]))  # type: ignore[index]
    shown = site.shown(FARAH)
    assert [bubble["text"] for bubble in shown] == ["one", "two", "The order", ""]
    assert shown[2]["files"] == [{"name": "PO-1.pdf", "type": "application/pdf", "size": 8}]


def photo_token(site: Site) -> str:
    from bot.simulator.samples import photo_png

    return site.simulator.store.put_file("a.png", "image/png", photo_png()).token


def test_buttons_can_be_taken_away_once(site: Site, call: Call) -> None:
    sent = call(lambda bot: bot.send_message(CHAT, "Decide", reply_markup=keyboard("yes")))
    call(lambda bot: bot.edit_message_reply_markup(CHAT, sent.message_id, reply_markup=None))
    assert site.shown(FARAH)[0]["choices"] == []
    with pytest.raises(BadRequest, match="not modified"):
        call(lambda bot: bot.edit_message_reply_markup(CHAT, sent.message_id, reply_markup=None))
    tapped = site.api("tap", json={"phone": FARAH, "bubble": sent.message_id, "choice": 0})
    assert (tapped.status_code, tapped.json()["error"]) == (422, "This button is gone.")


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda bot: bot.send_message(CHAT, "x" * 4097), "too long"),
        (lambda bot: bot.send_message(CHAT, " "), "text is empty"),
        (lambda bot: bot.send_message(999, "x"), "[Cc]hat not found"),
        (lambda bot: bot.send_message(CHAT, "x", reply_markup=keyboard("ü" * 33)), "[Bb]utton_data_invalid"),
        (lambda bot: bot.send_message(CHAT, "x", reply_to_message_id=77), "to be replied not found"),
        (lambda bot: bot.send_document(CHAT, b"x", caption="x" * 1025), "caption is too long"),
        (lambda bot: bot.answer_callback_query("1", "x" * 201), "[Mm]essage_too_long"),
    ],
    ids=["long", "empty", "chat", "button bytes", "reply", "caption", "alert"],
)
def test_what_telegram_refuses(site: Site, call: Call, work: Callable[[Bot], Awaitable[Any]], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        call(work)
    assert site.shown(FARAH) == []


def test_64_bytes_of_button_are_taken(site: Site, call: Call) -> None:
    call(lambda bot: bot.send_message(CHAT, "x", reply_markup=keyboard("ü" * 32)))
    assert site.shown(FARAH)[0]["choices"] == ["Button 0"]


def test_a_wrong_token_is_refused(site: Site) -> None:
    async def once() -> None:
        async with Bot("1:wrong", base_url=f"{site.settings.telegram_api_base}/bot"):
            pass

    with pytest.raises(InvalidToken):
        asyncio.run(once())


def test_a_pictures_size_is_read_from_its_header() -> None:
    jpeg = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0001108012c019003") + b"\0" * 9
    assert picture_size(jpeg) == (400, 300)
    assert picture_size(b"\xff\xd8\xff") is None
    assert picture_size(b"GIF89a") is None
