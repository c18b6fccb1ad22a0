"""The contract of `channels.base.Channel`, once over every adapter (see `cases.py` for how one joins)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import channels
from channels.base import (
    Attachment,
    BadRequest,
    BadSignature,
    Button,
    Channel,
    ChannelError,
    Delivery,
    EventKind,
    Inbound,
    MediaError,
    Message,
    SendError,
)
from tests.channels.cases import PERMANENT, RETRYABLE, UNKNOWN, Case, Webhook, all_cases

Open = Callable[..., Channel]
LITTLE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`case`: once per adapter; `webhook`: once per webhook of every adapter."""
    if "webhook" in metafunc.fixturenames:
        pairs = [(kind, webhook) for kind in all_cases() for webhook in kind.webhooks()]
        metafunc.parametrize(("case", "webhook"), pairs, ids=[webhook.name for _, webhook in pairs], indirect=["case"])
    elif "case" in metafunc.fixturenames:
        kinds = all_cases()
        metafunc.parametrize("case", kinds, ids=[kind.name for kind in kinds], indirect=True)


def prompt(case: Case, **changes: object) -> Message:
    buttons = (Button("Approve", "t-yes"), Button("Reject", "t-no"))
    return replace(Message(to=case.address, text="Approve PA-1042?", key="17", buttons=buttons), **changes)  # type: ignore[arg-type]


def meaning(inbounds: tuple[Inbound, ...]) -> tuple[Inbound, ...]:
    return tuple(replace(inbound, raw=b"") for inbound in inbounds)


# --- what comes in -------------------------------------------------------------------------------------------------


def test_an_adapter_keeps_the_contract(channel: Channel) -> None:
    assert isinstance(channel, Channel)
    assert channel.limits.units in ("chars", "bytes")


def test_a_webhook_is_read(case: Case, channel: Channel, webhook: Webhook) -> None:
    (inbound,) = channel.parse(webhook.body, webhook.headers, webhook.url)
    assert {name: getattr(inbound, name) for name in webhook.expect} == webhook.expect
    assert inbound.channel == channel.name
    assert inbound.raw == webhook.body
    assert inbound.event_id


def test_reading_twice_gives_the_same(channel: Channel, webhook: Webhook) -> None:
    once, again = (channel.parse(webhook.body, webhook.headers, webhook.url) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("spell", [str.upper, str.lower])
def test_headers_are_found_in_any_letter_case(channel: Channel, webhook: Webhook, spell: Callable[[str], str]) -> None:
    headers = {spell(name): value for name, value in webhook.headers.items()}
    assert channel.parse(webhook.body, headers, webhook.url)


def test_a_webhook_without_its_signature_is_refused(case: Case, channel: Channel, webhook: Webhook) -> None:
    headers = {name: value for name, value in webhook.headers.items() if name != case.signature}
    with pytest.raises(BadSignature):
        channel.parse(webhook.body, headers, webhook.url)
    with pytest.raises(BadSignature):
        channel.parse(webhook.body, {**headers, case.signature: ""}, webhook.url)


def refuses_every_flip(case: Case, channel: Channel, webhook: Webhook) -> None:
    """No bit of what the provider signs can change without being refused, unless it says the same still (%2B and %2b)."""
    honest = meaning(channel.parse(webhook.body, webhook.headers, webhook.url))
    signature = webhook.headers[case.signature].encode()
    for spot in _spots(signature):
        forged = {**webhook.headers, case.signature: _flip(signature, spot).decode("latin-1")}
        with pytest.raises(BadSignature):
            channel.parse(webhook.body, forged, webhook.url)
    for spot in _spots(webhook.body) if case.signs_body else ():
        _refused_or(honest, channel, _flip(webhook.body, spot), webhook.headers, webhook.url)
    for spot in _spots(webhook.url.encode()) if case.signs_url else ():
        url = _flip(webhook.url.encode(), spot).decode("latin-1")
        _refused_or(honest, channel, webhook.body, webhook.headers, url)


def _refused_or(honest: tuple[Inbound, ...], channel: Channel, body: bytes, headers: dict[str, str], url: str) -> None:
    with contextlib.suppress(BadSignature, BadRequest):
        assert meaning(channel.parse(body, headers, url)) == honest


def _spots(text: bytes) -> range:
    return range(0, 8 * len(text), max(1, len(text) // 50))


def _flip(text: bytes, spot: int) -> bytes:
    flipped = bytearray(text)
    flipped[spot // 8] ^= 1 << spot % 8
    return bytes(flipped)


def test_one_flipped_bit_is_refused(case: Case, channel: Channel, webhook: Webhook) -> None:
    refuses_every_flip(case, channel, webhook)


@LITTLE
@given(body=st.binary(max_size=300))
def test_unsigned_garbage_is_refused(case: Case, channel: Channel, body: bytes) -> None:
    with pytest.raises(ChannelError):
        channel.parse(body, {})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_GARBAGE = st.binary(max_size=300) | _JSON.map(lambda told: json.dumps(told).encode())


@LITTLE
@given(body=_GARBAGE)
def test_signed_garbage_is_a_bad_request_or_unknown(case: Case, channel: Channel, body: bytes) -> None:
    webhook = case.signed(body)
    with contextlib.suppress(BadRequest):
        inbounds = channel.parse(webhook.body, webhook.headers, webhook.url)
        assert all(inbound.event_id and inbound.kind in EventKind for inbound in inbounds)


def test_a_broken_field_never_crashes_the_reading(case: Case, channel: Channel, webhook: Webhook) -> None:
    """Every webhook cut short at many places, signed: read as something, or a bad request."""
    for end in range(0, len(webhook.body), max(1, len(webhook.body) // 40)):
        cut = case.signed(webhook.body[:end])
        try:
            channel.parse(cut.body, cut.headers, cut.url)
        except BadRequest:
            continue


# --- what goes out -------------------------------------------------------------------------------------------------


def test_a_message_reaches_the_provider_whole(case: Case, channel: Channel) -> None:
    sent = channel.send(prompt(case))
    (seen,) = case.seen()
    assert seen.to == case.address
    assert "Approve PA-1042?" in seen.text
    if channel.limits.buttons:
        assert seen.tokens == ("t-yes", "t-no")
    assert sent.ids
    assert all(sent.ids)
    assert sent.status in (Delivery.QUEUED, Delivery.SENT)


def test_an_answer_needs_no_buttons(case: Case, channel: Channel) -> None:
    channel.send(prompt(case, buttons=(), text="Thank you.\n\nधन्यवाद 🙏"))
    (seen,) = case.seen()
    assert "Thank you.\n\nधन्यवाद 🙏" in seen.text.replace("\r\n", "\n")
    assert seen.tokens == ()


def test_files_travel_with_the_text(case: Case, channel: Channel) -> None:
    order = Attachment("PO-7.pdf", "application/pdf", b"%PDF-1.7 sample", "https://baton.example/f/abc")
    photo = Attachment("goods.png", "image/png", b"\x89PNG sample", "https://baton.example/f/def")
    sent = channel.send(prompt(case, attachments=(order, photo)))
    files = [file for seen in case.seen() for file in seen.files]
    assert files in ([order.content, photo.content], [order.url, photo.url])
    assert len(set(sent.ids)) == len(case.seen())


def test_nothing_to_send_is_refused_for_good(case: Case, channel: Channel) -> None:
    with pytest.raises(SendError) as refused:
        channel.send(prompt(case, text="", buttons=()))
    assert not refused.value.retryable
    assert not case.seen()


@pytest.mark.parametrize(
    ("how", "retryable", "unknown"), [(RETRYABLE, True, False), (PERMANENT, False, False), (UNKNOWN, False, True)]
)
def test_a_refusal_says_what_to_do(case: Case, channel: Channel, how: str, retryable: bool, unknown: bool) -> None:
    channel.send(prompt(case))  # so that a connection is open, and anything made once is made
    case.refuse(how)
    with pytest.raises(SendError) as refused:
        channel.send(prompt(case))
    assert (refused.value.retryable, refused.value.unknown) == (retryable, unknown)
    assert refused.value.retry_after >= 0
    assert channel.send(prompt(case)).ids  # the next one goes through


def test_parts_that_were_accepted_are_not_sent_again(case: Case, channel: Channel) -> None:
    message = prompt(case, attachments=(Attachment("PO-7.pdf", "application/pdf", b"%PDF", "https://baton.example/f/abc"),))
    once = len(channel.send(message).ids)
    before = len(case.seen())
    if once == 1:
        return  # one call takes it all
    channel.send(replace(message, accepted=("an-id-of-the-text",)))
    assert len(case.seen()) == before + once - 1
    assert case.seen()[-1].files


def test_a_provider_that_is_down_is_retryable(case: Case, open_channel: Open) -> None:
    channel = open_channel()
    case.close()
    if case.name == "memory":
        pytest.skip("there is no provider")
    with pytest.raises(SendError) as refused:
        channel.send(prompt(case))
    assert refused.value.retryable
    assert not refused.value.unknown


def test_every_call_is_announced_before_and_after(case: Case, open_channel: Open) -> None:
    points: list[str] = []
    channel = open_channel(points.append)
    channel.send(prompt(case))
    case.refuse(PERMANENT)
    with pytest.raises(SendError):
        channel.send(prompt(case))
    befores, afters = points[::2], points[1::2]
    assert len(befores) >= 2
    assert [point.removeprefix("before:") for point in befores] == [point.removeprefix("after:") for point in afters]
    assert all(point.startswith("before:") for point in befores)


def test_a_crash_at_a_point_is_not_taken_for_a_refusal(case: Case, open_channel: Open) -> None:
    class Crash(BaseException):
        pass

    def crash(point: str) -> None:
        raise Crash(point)

    with pytest.raises(Crash):
        open_channel(crash).send(prompt(case))
    assert not case.seen()


def test_many_threads_send_at_once(case: Case, channel: Channel) -> None:
    messages = [prompt(case, text=f"Question {n}", key=str(n)) for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(channel.send, messages))
    assert len({sent.ids[0] for sent in sent}) == 40
    texts = " ".join(seen.text for seen in case.seen())
    assert all(f"Question {n}" in texts for n in range(40))


# --- files, taps, the end ----------------------------------------------------------------------------------------------


def test_a_file_is_fetched(case: Case, channel: Channel) -> None:
    assert channel.fetch(case.media(b"x" * 5000), 5000) == b"x" * 5000


def test_a_file_over_the_limit_is_not(case: Case, channel: Channel) -> None:
    with pytest.raises(MediaError) as refused:
        channel.fetch(case.media(b"x" * 5001), 5000)
    assert refused.value.too_large
    assert not refused.value.retryable


def test_acknowledging_never_raises(case: Case, channel: Channel, webhook: Webhook) -> None:
    (inbound,) = channel.parse(webhook.body, webhook.headers, webhook.url)
    channel.acknowledge(inbound)
    channel.acknowledge(inbound, "Noted. " * 100)
    case.close()
    channel.acknowledge(replace(inbound, callback="99"))


def test_closing_twice_is_safe(case: Case, open_channel: Open) -> None:
    used, unused = open_channel(), open_channel()
    used.send(prompt(case))
    for channel in (used, used, unused, unused):
        channel.close()


def test_no_adapter_knows_who_stands_in_for_a_provider() -> None:
    sources = list(Path(channels.__file__).parent.rglob("*.py"))
    assert len(sources) > 5
    assert not [path.name for path in sources if "simulator" in path.read_text().lower()]
