"""WhatsApp by Twilio: the official client and validator against the fake API, and the exact forms of the webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from tests.simulator.site import DEV, RIYA, Received, Site, wait_for

RIYAS, DEVS, BUSINESS = "whatsapp:+919800000001", "whatsapp:+919800000002", "whatsapp:+14155550100"
CAPTURED_TAP = {
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "NumSegments", "SmsStatus",
    "ApiVersion", "ProfileName", "WaId", "ReferralNumMedia", "MessageType", "ButtonText", "ButtonPayload",
    "OriginalRepliedMessageSid", "OriginalRepliedMessageSender", "ChannelMetadata", "ExternalUserId",
}  # fmt: skip


class Rebased(TwilioHttpClient):  # type: ignore[misc]
    """The official transport, sent to another address."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: str, url: str, *arguments: Any, **more: Any) -> Any:
        return super().request(method, self._base + "/" + url.split("/", 3)[3], *arguments, **more)


@pytest.fixture
def client(site: Site) -> Client:
    settings = site.settings
    return Client(settings.twilio_account_sid, settings.twilio_auth_token, http_client=Rebased(settings.twilio_api_base))


@pytest.fixture
def send(client: Client) -> Callable[..., Any]:
    def create(to: str = RIYAS, **given: Any) -> Any:
        return client.messages.create(to=to, from_=BUSINESS, **given)

    return create


def quick_reply(client: Client, titles: list[str], body: str = "{{1}}") -> str:
    actions = [{"type": "QUICK_REPLY", "title": title, "id": f"{{{{{n}}}}}"} for n, title in enumerate(titles, 2)]
    types = {"twilio/quick-reply": {"body": body, "actions": actions}}
    return make(client, types)


def make(client: Client, types: dict[str, Any]) -> str:
    request = {"friendly_name": "t", "language": "en", "variables": {"1": "sample"}, "types": types}
    return str(client.content.v1.contents.create(ContentList.ContentCreateRequest(request)).sid)


def is_signed(site: Site, got: Received) -> bool:
    validator = RequestValidator(site.settings.twilio_auth_token)
    return bool(validator.validate(site.base + got.path, got.form, got.headers["X-Twilio-Signature"]))


def inbound(site: Site) -> Received:
    found: Received = wait_for(lambda: site.at("/webhooks/twilio"))[-1]
    return found


# --- towards the product -------------------------------------------------------------------------------------------


def test_a_written_message_is_twilios_signed_form(site: Site) -> None:
    site.simulator.hands.write(RIYA, "खरीद 6 chairs & more")
    got = inbound(site)
    assert is_signed(site, got)
    assert got.form["Body"] == "खरीद 6 chairs & more"
    assert (got.form["From"], got.form["To"], got.form["WaId"]) == (RIYAS, BUSINESS, "919800000001")
    assert got.form["MessageSid"] == got.form["SmsSid"] == site.simulator.store.screen(RIYA)[0].sid
    assert got.headers["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_a_signature_holds_for_its_body_only(site: Site) -> None:
    site.simulator.hands.write(RIYA, "10")
    got = inbound(site)
    got.form["Body"] = "1000"
    assert not is_signed(site, got)


def test_a_tap_has_the_captured_fields(site: Site, client: Client, send: Callable[..., Any]) -> None:
    sid = quick_reply(client, ["Approve", "Reject"])
    prompt = send(content_sid=sid, content_variables=json.dumps({"1": "Buy 6 chairs?", "2": "tok-a", "3": "tok-r"}))
    [shown] = site.shown(RIYA)
    assert (shown["text"], shown["choices"]) == ("Buy 6 chairs?", ["Approve", "Reject"])

    site.simulator.hands.tap(RIYA, shown["id"], 1)
    form = inbound(site).form
    assert is_signed(site, inbound(site))
    assert set(form) == CAPTURED_TAP
    assert (form["Body"], form["ButtonText"], form["ButtonPayload"]) == ("Reject", "Reject", "tok-r")
    assert form["OriginalRepliedMessageSid"] == prompt.sid
    assert form["OriginalRepliedMessageSender"] == BUSINESS
    assert form["MessageSid"].startswith("MM")


def test_a_list_pick_names_the_row(site: Site, client: Client, send: Callable[..., Any]) -> None:
    items = [{"id": f"id-{n}", "item": f"Row {n}", "description": "d"} for n in range(10)]
    sid = make(client, {"twilio/list-picker": {"body": "Which?", "button": "Choose", "items": items}})
    send(content_sid=sid)
    site.simulator.hands.tap(RIYA, site.shown(RIYA)[0]["id"], 7)
    form = inbound(site).form
    assert (form["Body"], form["ListId"], form["ListTitle"]) == ("Row 7", "id-7", "Row 7")
    assert "ButtonPayload" not in form


def test_a_quoted_reply_names_the_message(site: Site, send: Callable[..., Any]) -> None:
    asked = send(body="How many?")
    site.simulator.hands.write(RIYA, "six", quote=site.shown(RIYA)[0]["id"])
    assert inbound(site).form["OriginalRepliedMessageSid"] == asked.sid


def test_a_file_is_fetched_with_credentials_then_elsewhere_without(site: Site) -> None:
    site.simulator.hands.attach_sample(RIYA, "photo", text="look")
    form = inbound(site).form
    assert (form["NumMedia"], form["MediaContentType0"], form["MessageType"], form["Body"]) == ("1", "image/png", "image", "look")
    account = (site.settings.twilio_account_sid, site.settings.twilio_auth_token)
    assert requests.get(form["MediaUrl0"], timeout=5).status_code == 401
    hop = requests.get(form["MediaUrl0"], auth=account, allow_redirects=False, timeout=5)
    assert hop.status_code == 307
    picture = requests.get(hop.headers["Location"], timeout=5)
    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["Content-Type"] == "image/png"


def test_a_refused_message_is_tried_again_then_shown_as_not_accepted(site: Site) -> None:
    site.simulator.world.post._pauses = (0.01, 0.01, 0.01)
    site.answers = [503, 503]
    site.simulator.hands.write(RIYA, "one")
    wait_for(lambda: site.shown(RIYA)[0]["state"] == "delivered")
    assert len({got.form["MessageSid"] for got in site.received}) == 1
    assert len(site.received) == 3

    site.answers = [500] * 4
    second = site.simulator.hands.write(RIYA, "two")
    shown = wait_for(lambda: site.shown(RIYA)[1] if site.shown(RIYA)[1]["state"] == "failed" else None)
    assert shown["problem"] == "answer 500"
    assert "Send again" in shown["html"]
    assert site.api("again", json={"bubble": second.id}).status_code == 202
    wait_for(lambda: site.shown(RIYA)[1]["state"] == "delivered")


# --- towards the person --------------------------------------------------------------------------------------------


def test_a_message_arrives_and_is_reported(site: Site, client: Client, send: Callable[..., Any]) -> None:
    sent = send(body="Hello *Riya*", status_callback=f"{site.base}/webhooks/twilio/status")
    assert (sent.status, sent.direction, sent.error_code) == ("queued", "outbound-api", None)
    reports = wait_for(lambda: len(site.received) == 2 and site.received)
    assert [(got.form["MessageStatus"], got.form["MessageSid"]) for got in reports] == [
        ("sent", sent.sid),
        ("delivered", sent.sid),
    ]
    assert all(got.path == "/webhooks/twilio/status" and is_signed(site, got) for got in reports)
    assert "<strong>Riya</strong>" in site.shown(RIYA)[0]["html"]
    assert client.messages(sent.sid).fetch().status == "delivered"

    site.simulator.hands.write(RIYA, "hi")  # who answers has read
    read = wait_for(lambda: [got for got in site.received if got.form.get("MessageStatus") == "read"])
    assert (read[0].form["MessageSid"], read[0].form["EventType"]) == (sent.sid, "READ")
    assert [message.direction for message in client.messages.list(to=BUSINESS)] == ["inbound"]


def test_a_file_for_the_phone_is_fetched_from_the_product(site: Site, client: Client, send: Callable[..., Any]) -> None:
    send(media_url=[f"{site.base}/files/order"])
    wait_for(lambda: site.shown(RIYA)[0]["files"] == [{"name": "document.pdf", "type": "application/pdf", "size": 16}])
    lost = send(media_url=["http://127.0.0.1:9/none"])
    wait_for(lambda: client.messages(lost.sid).fetch().error_code == 63019)


def test_after_24_hours_only_an_approved_template_gets_through(site: Site, client: Client, send: Callable[..., Any]) -> None:
    callback = {"status_callback": f"{site.base}/webhooks/twilio/status"}
    site.clock.advance(timedelta(hours=23, minutes=59))
    assert wait_for(lambda: client.messages(send(body="in time").sid).fetch().status == "delivered")
    site.clock.advance(timedelta(minutes=2))
    late = send(body="too late", **callback)
    failed = wait_for(lambda: [got for got in site.received if got.form["MessageStatus"] == "failed"])
    assert (failed[0].form["MessageSid"], failed[0].form["ErrorCode"]) == (late.sid, "63016")
    assert (client.messages(late.sid).fetch().error_code, site.shown(RIYA)[-1]["error"]) == (63016, 63016)
    assert "too late" not in site.shown(RIYA)[-1]["html"], "the person never sees it"

    template = send(content_sid=site.settings.twilio_notice_content_sid, content_variables='{"1": "PA-7 waits for you."}')
    wait_for(lambda: client.messages(template.sid).fetch().status == "delivered")
    assert "PA-7 waits" in site.shown(RIYA)[-1]["text"]

    unapproved = send(content_sid=quick_reply(client, ["Yes"]), content_variables='{"1": "?", "2": "t"}')
    wait_for(lambda: client.messages(unapproved.sid).fetch().error_code == 63016)

    site.simulator.hands.write(RIYA, "hello")
    again = send(body="welcome back")
    wait_for(lambda: client.messages(again.sid).fetch().status == "delivered")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"body": "x", "to": "whatsapp:12"}, 21211),
        ({"body": "x" * 1601}, 21617),
        ({}, 21602),
        ({"content_sid": "HX" + "0" * 32}, 21655),
        ({"body": "x", "status_callback": "http://elsewhere.example/"}, 21609),
        ({"media_url": ["http://127.0.0.1/a", "http://127.0.0.1/b"]}, 21623),
    ],
)
def test_what_twilio_refuses_at_once(send: Callable[..., Any], given: dict[str, Any], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(**given)
    assert (refused.value.code, refused.value.status) == (code, 400)


@pytest.mark.parametrize("value", ["two\nlines", "a\ttab", "wide     space"])
def test_a_variable_holds_no_layout(client: Client, send: Callable[..., Any], value: str) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(content_sid=quick_reply(client, ["Yes"]), content_variables=json.dumps({"1": value, "2": "t"}))
    assert refused.value.code == 21656


@pytest.mark.parametrize(
    ("values", "titles"),
    [({"1": "x" * 1025}, ["Yes"]), ({"1": "?", "2": "t" * 201}, ["Yes"]), ({"1": "?"}, ["One", "Two", "Three", "Four"])],
)
def test_content_over_a_limit_fails_on_the_way(
    client: Client, send: Callable[..., Any], values: dict[str, str], titles: list[str]
) -> None:
    sid = quick_reply(client, titles)
    sent = send(content_sid=sid, content_variables=json.dumps({"2": "a", "3": "b", "4": "c", "5": "d", **values}))
    wait_for(lambda: client.messages(sent.sid).fetch().error_code == 63021)


@pytest.mark.parametrize(
    "types",
    [
        {"twilio/quick-reply": {"body": "?", "actions": [{"type": "QUICK_REPLY", "title": "x" * 21, "id": "1"}]}},
        {"twilio/list-picker": {"body": "?", "button": "b", "items": [{"id": "1", "item": "x"}]}},
        {"twilio/list-picker": {"body": "?", "button": "b", "items": [{"id": "1", "item": "x", "description": "d"}] * 11}},
        {"twilio/unheard-of": {"body": "?"}},
    ],
    ids=["title", "description", "items", "type"],
)
def test_a_template_over_a_limit_is_not_made(client: Client, types: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        make(client, types)
    assert refused.value.status == 400


def test_a_wrong_token_is_refused(site: Site) -> None:
    wrong = Client(site.settings.twilio_account_sid, "wrong", http_client=Rebased(site.settings.twilio_api_base))
    with pytest.raises(TwilioRestException) as refused:
        wrong.messages.create(to=RIYAS, from_=BUSINESS, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    assert site.shown(RIYA) == []


def test_a_strangers_number_fails_alone(site: Site, client: Client, send: Callable[..., Any]) -> None:
    sent = send(to="whatsapp:+919811111111", body="x")
    wait_for(lambda: client.messages(sent.sid).fetch().error_code == 63024)
    send(to=DEVS, body="for Dev")
    assert [bubble["text"] for bubble in site.shown(DEV)] == ["for Dev"]
    assert site.shown(RIYA) == []
