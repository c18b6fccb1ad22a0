"""What is WhatsApp's own in sending, beyond the contract: Content templates and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import channels.http
from channels.base import Attachment, Button, ConfigurationError, Message, SendError
from channels.memory import MemoryShapes
from channels.twilio import STATUSES, TwilioWhatsApp
from tests.channels.case_twilio import ACCOUNT, BASE, TwilioCase, refusal
from tests.channels.provider import Answer


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


def ask(text: str, *labels: str, **more: Any) -> Message:
    buttons = tuple(Button(label, f"t-{n}") for n, label in enumerate(labels, 1))
    return Message(to=TwilioCase.address, text=text, key="1", buttons=buttons, **more)


def forms(case: TwilioCase) -> list[dict[str, Any]]:
    return [request.fields() for request in case.provider.taken if request.path.endswith("/Messages.json")]


def test_every_documented_status_is_known() -> None:
    documented = "queued sending sent failed delivered undelivered accepted scheduled read partially_delivered canceled"
    assert set(documented.split()) == set(STATUSES)


# --- sending --------------------------------------------------------------------------------------------------------


def test_a_message_says_where_it_is_from_and_where_reports_go(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    channel.send(ask("Hello"))
    (form,) = forms(case)
    assert form == {
        "To": "whatsapp:+919800000001",
        "From": "whatsapp:+14155550100",
        "Body": "Hello",
        "StatusCallback": BASE + "/webhooks/twilio/status",
    }


def test_templates_are_made_once_per_shape(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    for n in range(3):
        channel.send(ask(f"Question {n}", "Approve", "Reject"))
    assert len(case.provider.contents) == 1
    channel.send(ask("Question", "Yes", "No"))
    channel.send(ask("Two\nlines", "Approve", "Reject"))
    assert len(case.provider.contents) == 3
    again = case.channel()
    again.send(ask("After a restart", "Approve", "Reject"))
    again.close()
    assert len(case.provider.contents) == 3


def test_many_threads_make_a_template_once(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: channel.send(ask(f"Question {n}", "Approve", "Reject")), range(16)))
    assert len(case.provider.contents) == 1
    assert len(forms(case)) == 16


def test_the_text_is_shown_as_written_though_variables_hold_no_newline(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    text = 'PA-1042: 12 chairs\n\n  • ₹ 50,000 "incl. tax"\n  • by {{Friday}} \\n\n\n\nApprove?'
    channel.send(ask(text, "Approve", "Reject"))
    (seen,) = case.seen()
    assert seen.text == text.replace("\n\n\n", "\n\n")
    assert seen.tokens == ("t-1", "t-2")


def test_tabs_and_runs_of_spaces_are_closed_up(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    channel.send(ask("a\tb      c", "Approve"))
    assert case.seen()[0].text == "a b   c"


def test_a_text_of_very_many_lines_keeps_them_all(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    channel.send(ask("\n".join(f"line {n}" for n in range(100)), "Approve"))
    (seen,) = case.seen()
    assert all(f"line {n}" in seen.text for n in range(100))
    assert len(seen.text.splitlines()) == 40


def test_more_than_three_choices_are_a_list_whose_shape_knows_no_labels(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    channel.send(ask("Which branch?", "North", "South", "East", "West"))
    channel.send(ask("Which vendor?", "A", "B", "C", "D"))
    assert [seen.tokens for seen in case.seen()] == [("t-1", "t-2", "t-3", "t-4")] * 2
    (content,) = case.provider.contents.values()
    assert list(content["types"]) == ["twilio/list-picker"]
    shown = case.provider.filled(forms(case)[1])[1]
    assert [item["item"] for item in shown] == ["A", "B", "C", "D"]
    assert [item["description"] for item in shown] == ["1.", "2.", "3.", "4."]


def test_an_approved_template_takes_the_text_and_the_tokens(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    channel.send(ask("PA-1042 waits\nfor you", "Approve", "Reject", template="HX" + "f" * 32))
    (form,) = forms(case)
    assert form["ContentSid"] == "HX" + "f" * 32
    assert json.loads(form["ContentVariables"]) == {"1": "PA-1042 waits · for you", "2": "t-1", "3": "t-2"}
    assert "Body" not in form
    assert not case.provider.contents


def test_a_template_that_was_deleted_is_made_again(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    channel.send(ask("One", "Approve"))
    case.provider.refuse("/Messages.json", refusal(400, 21655))
    channel.send(ask("Two", "Approve"))
    assert [seen.text for seen in case.seen()] == ["One", "Two"]
    assert len(case.provider.contents) == 2
    assert len({form["ContentSid"] for form in forms(case)}) == 2


def test_buttons_need_a_text(channel: TwilioWhatsApp) -> None:
    with pytest.raises(SendError) as refused:
        channel.send(ask("", "Approve"))
    assert not refused.value.retryable


def test_a_file_needs_a_link(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    with pytest.raises(SendError) as refused:
        channel.send(ask("The order", attachments=(Attachment("PO.pdf", "application/pdf", b"%PDF"),)))
    assert not refused.value.retryable
    assert len(refused.value.accepted) == 1  # the text went out


@pytest.mark.parametrize(
    ("status", "code", "flags"),
    [
        (400, 63016, {"window_closed"}),
        (400, 63014, {"opted_out"}),
        (400, 21610, {"opted_out"}),
        (400, 63018, {"retryable"}),
        (429, 20429, {"retryable"}),
        (429, 99999, {"retryable"}),
        (500, 20500, {"retryable"}),
        (503, 20503, {"retryable"}),
        (400, 21211, set()),
        (401, 20003, set()),
        (404, 20404, set()),
    ],
)
def test_refusals_mean_what_the_error_dictionary_says(
    case: TwilioCase, channel: TwilioWhatsApp, status: int, code: int, flags: set[str]
) -> None:
    case.provider.refuse("/Messages.json", refusal(status, code))
    with pytest.raises(SendError) as refused:
        channel.send(ask("Hello"))
    error = refused.value
    said = {name for name in ("window_closed", "opted_out", "retryable", "unknown") if getattr(error, name)}
    assert said == flags
    assert error.code == str(code)
    assert "9800000001" not in str(error)
    assert bool(error.retry_after) == ("retryable" in flags)


def test_twilio_may_say_how_long_to_wait(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    case.provider.refuse("/Messages.json", refusal(429, 20429, **{"Retry-After": "37"}))
    with pytest.raises(SendError) as refused:
        channel.send(ask("Hello"))
    assert refused.value.retry_after == 37


@pytest.mark.parametrize("answer", [Answer(502, b"<html>bad gateway"), Answer(500, b"[]"), Answer(503, b'"later"')])
def test_a_failure_without_a_reason_is_retryable(case: TwilioCase, channel: TwilioWhatsApp, answer: Answer) -> None:
    case.provider.refuse("/Messages.json", answer)
    with pytest.raises(SendError) as refused:
        channel.send(ask("Hello"))
    assert refused.value.retryable


@pytest.mark.parametrize("answer", [Answer(201, b"<html>thanks"), Answer.json({}, 201)])
def test_an_answer_that_is_none_leaves_it_unknown(case: TwilioCase, channel: TwilioWhatsApp, answer: Answer) -> None:
    case.provider.refuse("/Messages.json", answer)
    with pytest.raises(SendError) as refused:
        channel.send(ask("Hello"))
    assert refused.value.unknown
    assert not refused.value.retryable


def test_no_answer_in_time_leaves_it_unknown(case: TwilioCase, channel: TwilioWhatsApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels.http, "TIMEOUT", (1.0, 0.05))
    case.provider.refuse("/Messages.json", Answer(delay=0.3))
    with pytest.raises(SendError) as refused:
        channel.send(ask("Hello"))
    assert refused.value.unknown
    assert not refused.value.retryable


def test_a_template_that_cannot_be_made_sends_nothing(case: TwilioCase, channel: TwilioWhatsApp) -> None:
    case.provider.refuse("/v1/Content", refusal(500, 20500))
    with pytest.raises(SendError) as refused:
        channel.send(ask("Hello", "Approve"))
    assert refused.value.retryable
    assert not forms(case)


@pytest.mark.parametrize(
    "missing",
    [{"account_sid": ""}, {"auth_token": ""}, {"sender": ""}, {"public_base_url": ""}, {"public_base_url": "baton.example"}],
)
def test_a_missing_setting_is_named(missing: dict[str, str]) -> None:
    given = {"account_sid": ACCOUNT, "auth_token": "x", "sender": "+1", "public_base_url": BASE, **missing}
    with pytest.raises(ConfigurationError, match=r"TWILIO_|PUBLIC_BASE_URL"):
        TwilioWhatsApp(**given, shapes=MemoryShapes())
