"""Whatever bytes come: an event that can be kept, or a bad request, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import channels.mail.read
from channels.base import BadRequest, Inbound
from tests.channels.case_email import WIRE
from tests.channels.mails import fixture, mail, read


def survives(raw: bytes) -> None:
    """Any bytes are an event that every database can keep, or a bad request for a reason that we know."""
    try:
        inbound = read(raw, "mx.example.com")
    except BadRequest as error:
        if error.__cause__ and not isinstance(error.__cause__, RecursionError):
            raise
        return
    texts = [value for name in Inbound.__slots__ if isinstance(value := getattr(inbound, name), str)]
    texts += [part for media in inbound.media for part in (media.name, media.type)] + list(inbound.reply_to)
    assert not [text for text in texts if "\0" in text or text.encode("utf-8").decode() != text]
    assert "\n" not in inbound.subject + inbound.sender + inbound.sender_name + inbound.tag + inbound.message_id
    assert inbound == read(raw, "mx.example.com")


_PIECES = st.sampled_from(
    [
        *(line + b"\n" for path in sorted(WIRE.glob("*.eml")) for line in path.read_bytes().split(b"\n")),
        b"From: ",
        b"=?utf-8?b?",
        b"?=",
        b"Content-Type: multipart/report; boundary=b0\n",
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: x-uuencode\n",
        b"charset=utf-16",
        b"\xff\xfe\0",
        b"<",
        b"(",
        b'"',
    ]
)


@settings(max_examples=300, deadline=None)
@given(raw=st.lists(_PIECES | st.binary(max_size=20), max_size=40).map(b"".join), sender=st.booleans())
@example(raw=b"", sender=False)
@example(raw=b"Content-Type: text/plain; charset*=utf-8''%ff\n\nx", sender=True)
def test_no_bytes_make_it_crash(raw: bytes, sender: bool) -> None:
    survives((b"From: a@example.org\n" if sender else b"") + raw)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(path.stem for path in WIRE.glob("*.eml"))),
    edits=st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=4)), max_size=6),
)
def test_no_damage_to_a_real_mail_makes_it_crash(name: str, edits: list[tuple[int, bytes]]) -> None:
    raw = fixture(name)
    for at, put in edits:
        at %= len(raw)
        raw = raw[:at] + put + raw[at + len(put) + 1 :]
    survives(raw)


def _html(body: str) -> bytes:
    return mail(body.encode(), Content_Type="text/html")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(mail(b"\n" * 200_000), id="blank lines"),
        pytest.param(mail(b"On a b\n" * 30_000, Subject="Re: x"), id="attributions"),
        pytest.param(mail(b"From: a\n" * 30_000), id="header blocks"),
        pytest.param(_html("<div>x" * 50_000), id="deep html"),
        pytest.param(_html(f"<p style='{'/*' * 100_000}'>x"), id="open comments"),
        pytest.param(mail(sender="(" * 100_000), id="comments in From"),
        pytest.param(mail(Subject="=?utf-8?q?a?= " * 5_000), id="encoded words"),
        pytest.param(mail(b"x." * 200_000, Content_Type="text/plain; charset=punycode"), id="punycode"),
        pytest.param(b"From: a@example.org\n" + b"Content-Type: message/rfc822\n\n" * 5_000, id="mails in mails"),
        pytest.param(b"From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 200_000, id="parts"),
        pytest.param(b"From: a@example.org\n" + b"a: b\n" * 200_000, id="fields"),
    ],
)
def test_a_hostile_mail_takes_no_time(raw: bytes) -> None:
    started = time.process_time()
    survives(raw)
    assert time.process_time() - started < 5  # some of these took a minute before they were bounded


def test_a_mail_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels.mail.read, "MAIL_BYTES", 500)
    assert read(mail(b"x" * 300)).text
    with pytest.raises(BadRequest, match="larger"):
        read(mail(b"x" * 500))


@pytest.mark.parametrize("raw", [b"", b"hello", b"Subject: x\n\ny", b"From: \n\nx", b"From: <>\n\nx"])
def test_a_mail_from_nobody_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        read(raw)
