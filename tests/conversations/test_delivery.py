"""What became of a message is told as it is."""

from __future__ import annotations

import json

import pytest

from storage import OutboxRow
from tests.channels.case_telegram import refusal as telegram_refusal
from tests.channels.case_twilio import refusal
from tests.channels.provider import DROP, Answer
from tests.conversations.purchase import Purchase
from tests.conversations.world import World


def approval(world: World) -> OutboxRow:
    return next(row for row in world.outbox() if row.topic == "approve")


def test_a_server_error_is_tried_again(world: World) -> None:
    purchase = Purchase(world).up_to("budget")
    world.twilio.refuse("/Messages.json", Answer.json({"code": 20500, "message": "Internal"}, 500))
    purchase.fay.taps("Within budget")
    assert (approval(world).state, approval(world).attempts) == ("pending", 1)
    world.later(seconds=4)
    assert (approval(world).state, approval(world).attempts) == ("sent", 2)
    assert len([text for text in purchase.hana.texts if "your approval" in text]) == 1


def test_too_many_requests_waits_as_long_as_was_asked(world: World) -> None:
    purchase = Purchase(world).up_to("budget")
    world.twilio.refuse("/Messages.json", refusal(429, 20429, **{"Retry-After": "30"}))
    purchase.fay.taps("Within budget")
    world.later(seconds=29)
    assert (approval(world).state, approval(world).code) == ("pending", "20429")
    world.later(seconds=2)
    assert approval(world).state == "sent"


def test_telegram_asks_to_wait(world: World) -> None:
    purchase = Purchase(world).up_to("quotes")
    world.telegram.refuse("/sendMessage", telegram_refusal(429, "Too Many Requests: retry after 7", retry_after=7))
    purchase.quoted()
    world.later(seconds=6)
    assert purchase.fay.texts == []
    world.later(seconds=2)
    assert "Budget check" in purchase.fay.texts[0]


def test_a_refusal_is_shown_to_the_manager(world: World) -> None:
    purchase = Purchase(world).up_to("budget")
    world.twilio.refuse("/Messages.json", refusal(400, 21211))
    purchase.fay.taps("Within budget")
    row = approval(world)
    assert (row.state, row.code) == ("failed", "21211")
    told = purchase.mia.says("status PA-1001")[0]
    assert "Not delivered to Hana Head: Twilio refused" in told
    assert purchase.hana.address not in told
    assert "Not delivered lately:\n· Hana Head: Twilio refused" in purchase.mia.says("status")[0]
    assert world.web.get("/healthz").json["undelivered"] == 1


def test_a_lost_answer_is_unknown_and_not_sent_twice(world: World) -> None:
    purchase = Purchase(world).up_to("budget")
    world.twilio.refuse("/Messages.json", DROP)
    purchase.fay.taps("Within budget")
    assert approval(world).state == "unknown"
    world.later(minutes=10)
    assert approval(world).state == "unknown"
    posts = [r for r in world.twilio.requests if r.path.endswith("/Messages.json") and "approval is needed" in _said(r.body)]
    assert len(posts) == 1
    told = purchase.mia.says("status PA-1001")[0]
    assert "Not delivered to Hana Head: it is not known whether it arrived" in told
    assert purchase.hana.says("mine")[0].startswith("Waiting for you:\n· PA-1001")


def _said(body: bytes) -> str:
    from urllib.parse import parse_qs

    form = parse_qs(body.decode())
    return json.dumps(json.loads(form.get("ContentVariables", ["{}"])[0]), ensure_ascii=False) + "".join(form.get("Body", []))


def test_a_reminder_is_safe_twice(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    world.twilio.refuse("/Messages.json", DROP)
    world.later(hours=2)
    world.later(seconds=4)
    assert "Reminder: PA-1001" in purchase.hana.last.text
    assert {row.state for row in world.outbox()} == {"sent"}


@pytest.mark.parametrize("word", ["failed", "undelivered"])
def test_a_failure_told_later_is_shown(world: World, word: str) -> None:
    purchase = Purchase(world).up_to("head_approval")
    world.post(*purchase.hana.status(purchase.hana.last.id, word, "63024"))
    world.settle()
    assert (approval(world).state, approval(world).code) == ("failed", "63024")
    assert "Not delivered to Hana Head: the provider could not deliver it" in purchase.mia.says("status PA-1001")[0]


def test_a_window_that_the_provider_knows_closed_holds_the_message(world: World) -> None:
    purchase = Purchase(world).up_to("budget")
    world.twilio.refuse("/Messages.json", refusal(400, 63016))
    purchase.fay.taps("Within budget")
    assert approval(world).state == "held"
    assert [text for text in purchase.hana.says("hello") if "your approval is needed" in text]
    assert approval(world).state == "sent"


def test_a_mail_that_bounces_is_shown(world: World) -> None:
    purchase = Purchase(world).up_to("vendor_ack")
    sent = purchase.vendor.last
    bounce = (
        "From: Mail Delivery <mailer-daemon@example.com>\nTo: baton@example.com\nMessage-ID: <b1@example.com>\n"
        'Subject: Undelivered\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nNo such user.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; sales@example.net\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {sent.id}\n\n--b--\n"
    )
    assert world.post(*purchase.vendor.raw(bounce.encode())).status_code == 204
    world.settle()
    assert "Not delivered to Example Traders" in purchase.mia.says("status PA-1001")[0]
