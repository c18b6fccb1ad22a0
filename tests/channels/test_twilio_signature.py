"""Who may speak for Twilio: what the signature covers, and the mistakes in checking it that the contract's assertion catches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.request_validator import RequestValidator

from channels.base import BadRequest, BadSignature
from channels.twilio import TwilioWhatsApp
from tests.channels.case_twilio import ACCOUNT, TwilioCase, sign
from tests.channels.cases import Webhook, read_webhook
from tests.channels.test_contract import refuses_every_flip


@pytest.fixture
def case() -> Iterator[TwilioCase]:
    case = TwilioCase()
    yield case
    case.close()


@pytest.fixture
def channel(case: TwilioCase) -> Iterator[TwilioWhatsApp]:
    channel = case.channel()
    yield channel
    channel.close()


FIXED = ("AccountSid", "Body", "From", "MessageSid", "To")
HONEST = RequestValidator.validate


def test_signing_fixed_fields_only_is_caught(case: TwilioCase, channel: TwilioWhatsApp, monkeypatch: pytest.MonkeyPatch) -> None:
    tap = read_webhook("twilio", "tap", {})
    pairs = [(name, value) for name, value in parse_qsl(tap.body.decode(), keep_blank_values=True) if name in FIXED]
    partly_signed = replace(tap, headers={case.signature: sign(tap.url, pairs)})
    with pytest.raises(BadSignature):
        channel.parse(partly_signed.body, partly_signed.headers, partly_signed.url)

    def validate(self: RequestValidator, uri: str, form: Any, signature: str) -> bool:
        return bool(HONEST(self, uri, {name: form.first(name) for name in FIXED}, signature))

    monkeypatch.setattr(RequestValidator, "validate", validate)
    with pytest.raises(AssertionError):
        refuses_every_flip(case, channel, partly_signed)


def test_an_empty_form_for_a_json_body_is_caught(
    case: TwilioCase, channel: TwilioWhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = read_webhook("twilio", "event", {})
    refuses_every_flip(case, channel, event)

    def validate(self: RequestValidator, uri: str, _form: object, signature: str) -> bool:
        return bool(HONEST(self, uri, {}, signature))

    monkeypatch.setattr(RequestValidator, "validate", validate)
    with pytest.raises(AssertionError):
        refuses_every_flip(case, channel, event)


def test_a_json_body_does_not_pass_as_an_empty_form(channel: TwilioWhatsApp) -> None:
    """Signed over the address alone, and for no account, whatever the Content-Type says."""
    headers = {"X-Twilio-Signature": sign("/webhooks/twilio", []), "Content-Type": "application/json"}
    with pytest.raises(BadSignature):
        channel.parse(b'{"MessageSid": "SM1", "Body": "approve"}', headers)
    with pytest.raises(BadSignature):
        channel.parse(b"", headers)


def signed_form(*pairs: tuple[str, str], url: str = "/webhooks/twilio") -> Webhook:
    return Webhook(urlencode(pairs).encode(), {"X-Twilio-Signature": sign(url, list(pairs))}, url)


@pytest.mark.parametrize("account", ["AC" + "f" * 32, ""])
def test_another_accounts_webhook_is_refused(channel: TwilioWhatsApp, account: str) -> None:
    webhook = signed_form(("AccountSid", account), ("MessageSid", "SM1"), ("From", "whatsapp:+919800000001"))
    with pytest.raises(BadSignature):
        channel.parse(webhook.body, webhook.headers, webhook.url)


def test_a_webhook_that_names_no_message_is_a_bad_request(channel: TwilioWhatsApp) -> None:
    webhook = signed_form(("AccountSid", ACCOUNT), ("From", "whatsapp:+919800000001"))
    with pytest.raises(BadRequest):
        channel.parse(webhook.body, webhook.headers, webhook.url)


def test_the_query_is_part_of_what_is_signed(channel: TwilioWhatsApp) -> None:
    webhook = signed_form(("AccountSid", ACCOUNT), ("MessageSid", "SM1"), ("From", "whatsapp:+91"), url="/webhooks/twilio?a=1&b=")
    assert channel.parse(webhook.body, webhook.headers, webhook.url)
    for url in (
        "/webhooks/twilio",
        "/webhooks/twilio?a=1",
        "/webhooks/twilio?a=1&b=&c=2",
        "//evil.example/webhooks/twilio?a=1&b=",
    ):
        with pytest.raises(BadSignature):
            channel.parse(webhook.body, webhook.headers, url)


def test_a_number_is_never_stripped_by_letters(channel: TwilioWhatsApp) -> None:
    """lstrip("whatsapp:") would eat the start of an id such as "pat.1"."""
    webhook = signed_form(("AccountSid", ACCOUNT), ("MessageSid", "SM1"), ("From", "whatsapp:pat.1"))
    (inbound,) = channel.parse(webhook.body, webhook.headers, webhook.url)
    assert inbound.sender == "pat.1"
