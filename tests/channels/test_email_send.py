"""What goes out by SMTP, how refusals are told, and whether the answer finds its way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import channels.mail.compose
from channels.base import Attachment, Button, EventKind, Inbound, SendError
from channels.email import Email
from tests.channels.mail_sink import Sink
from tests.channels.mails import NOW, message, open_email

TAG = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture
def email(sink: Sink) -> Email:
    return open_email(sink.url)


# --- the mail -----------------------------------------------------------------------------------------------------------


def test_a_mail_says_who_when_and_that_a_machine_wrote_it(sink: Sink, email: Email) -> None:
    sent = email.send(message(subject="पाँच कुर्सियाँ", tag=TAG, text="पाँच\nकुर्सियाँ\n."))
    (mail,) = sink.read()
    assert sink.envelopes == [("baton@example.com", "asha@example.org")]  # bounces come to the mailbox that reads them
    assert (mail["From"], mail["To"], mail["Subject"]) == ("Baton <baton@example.com>", "asha@example.org", "पाँच कुर्सियाँ")
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == sent.ids[0] == f"<17.{TAG}@example.com>"
    assert mail["Reply-To"] == f"Baton <baton+{TAG}@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "In-Reply-To" not in mail
    assert mail.get_content().splitlines() == ["पाँच", "कुर्सियाँ", "."]
    assert sink.mails[0].isascii()  # nothing on the way has a reason to rewrite it


def test_an_answer_to_a_mail_is_marked_as_one(sink: Sink, email: Email) -> None:
    email.send(
        message(automatic_reply=True, quote="<a@example.org>", references=("<0@example.org>", "<a@example.org>", "x\r\nBcc: y"))
    )
    (mail,) = sink.read()
    assert (mail["Auto-Submitted"], mail["In-Reply-To"]) == ("auto-replied", "<a@example.org>")
    assert mail["References"] == "<0@example.org> <a@example.org>"
    assert "Bcc" not in mail


def test_buttons_become_numbers_and_never_links(sink: Sink, email: Email) -> None:
    """Mail scanners follow every link, and a number by mail is an answer that Baton asks back on."""
    email.send(message(buttons=(Button("Approve", "token-1"), Button("Reject", "token-2"))))
    text = sink.read()[0].get_content()
    assert text.split() == ["Approve", "PA-1042?", "1.", "Approve", "2.", "Reject"]
    assert not email.limits.buttons_decide


def test_more_than_a_long_letter_is_refused(sink: Sink, email: Email) -> None:
    with pytest.raises(SendError) as refused:
        email.send(message(text="x " * 60_000))
    assert (refused.value.retryable, refused.value.code, sink.mails) == (False, "length", [])


def test_without_a_subject_the_first_line_is_one(sink: Sink, email: Email) -> None:
    email.send(message(text="PA-1042 is approved.\nThank you."))
    assert sink.read()[0]["Subject"] == "PA-1042 is approved."


def test_an_id_is_never_used_twice_without_a_tag_and_never_holds_the_keys_oddities(email: Email) -> None:
    ids = [email.send(message(key="a b/<c>@")).ids[0] for _ in range(2)]
    assert len(set(ids)) == 2
    assert all(each.startswith("<a-b--c--.") and each.endswith("@example.com>") for each in ids)


def ids_arrive_as_they_are(sink: Sink, email: Email) -> None:
    long = tuple(f"<0198c1f2-aaaa-bbbb-cccc-00000000000{n}.{TAG}@mail.purchasing.example.com>" for n in range(3))
    email.send(message(quote=long[-1], references=long))
    raw = sink.mails[-1]
    assert b"In-Reply-To: " + long[-1].encode() + b"\r\n" in raw
    assert b"References: " + b"\r\n ".join(each.encode() for each in long) + b"\r\n" in raw


def test_long_ids_arrive_as_they_are(sink: Sink, email: Email) -> None:
    ids_arrive_as_they_are(sink, email)


def test_leaving_the_ids_to_the_library_would_be_caught(sink: Sink, email: Email, monkeypatch: pytest.MonkeyPatch) -> None:
    from email.policy import SMTP

    monkeypatch.setattr(channels.mail.compose, "_POLICY", SMTP)
    with pytest.raises(AssertionError):
        ids_arrive_as_they_are(sink, email)


_NASTY = st.text(st.sampled_from('a é\r\n\0:<>@",;\u2028\u202e\x1f=?'), max_size=30)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(subject="", name="", kind="", quote="<é>", text="")
@given(subject=_NASTY, name=_NASTY, kind=_NASTY, quote=_NASTY, text=_NASTY)
def test_no_text_can_write_a_header(sink: Sink, email: Email, subject: str, name: str, kind: str, quote: str, text: str) -> None:
    sink.mails.clear()
    evil = "\r\nBcc: everyone@example.com\r\n\r\n"
    file = Attachment(evil + name, kind, b"x")
    email.send(
        message(subject=subject + evil + subject, attachments=(file,), quote=quote + evil, references=(evil, quote), text=text)
    )
    (mail,) = sink.read()
    allowed = {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "In-Reply-To",
        "References",
    }
    assert set(mail.keys()) - allowed == {"MIME-Version", "Content-Type"}
    (part,) = mail.iter_attachments()
    assert set(part.keys()) == {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"}
    assert part.get_content_type() == "application/octet-stream"


@pytest.mark.parametrize("to", ["", "asha", "a@b\r\nBcc: x@y", "a@b, c@d", "a@b\0", "<a@b>", "आशा@example.org", "a@b> SIZE=1"])
def test_no_address_is_refused_for_good_before_anything_is_sent(sink: Sink, email: Email, to: str) -> None:
    with pytest.raises(SendError) as refused:
        email.send(message(to=to))
    assert not refused.value.retryable
    assert not refused.value.unknown
    assert not sink.mails


def test_a_file_of_any_kind_travels(sink: Sink, email: Email) -> None:
    any_kind = "application/octet-stream"
    kinds = {
        "application/pdf": "application/pdf",
        "text/csv; charset=utf-8": "text/csv",
        "message/rfc822": any_kind,
        "x": any_kind,
    }
    email.send(message(attachments=tuple(Attachment("../a/कोटेशन.pdf", kind, b"\x00\xff\r\n.") for kind in kinds)))
    parts = list(sink.read()[0].iter_attachments())
    assert [part.get_content_type() for part in parts] == list(kinds.values())
    assert {part.get_filename() for part in parts} == {"कोटेशन.pdf"}
    assert {part.get_payload(decode=True) for part in parts} == {b"\x00\xff\r\n."}


# --- the way back -------------------------------------------------------------------------------------------------------


def answered(mail: EmailMessage, keep: tuple[str, ...] = ("In-Reply-To", "References")) -> bytes:
    """What a mail program makes of "reply": everything quoted, to the Reply-To address."""
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Message-ID"] = str(mail["To"]), str(mail["Reply-To"]), "<r1@example.org>"
    fields = {"In-Reply-To": mail["Message-ID"], "References": f"{mail.get('References', '')} {mail['Message-ID']}"}
    for name in keep:
        reply[name] = fields[name].strip()
    quoted = "\n".join(f"> {line}" for line in mail.get_content().splitlines())
    reply.set_content(f"Which colour?\n\nOn Mon, 2 Nov 2026, Baton wrote:\n{quoted}\n")
    return reply.as_bytes()


@pytest.mark.parametrize("keep", [("In-Reply-To", "References"), ("In-Reply-To",), ("References",), ()])
def test_the_answer_finds_its_question(sink: Sink, email: Email, keep: tuple[str, ...]) -> None:
    sent = email.send(message(tag=TAG, references=("<0@example.org>",), quote="<1@example.org>"))
    (inbound,) = email.read(answered(sink.read()[0], keep))
    assert inbound.kind == EventKind.MESSAGE
    assert inbound.text == "Which colour?"
    assert inbound.tag == TAG
    assert inbound.reply_to[:1] == (sent.ids if keep else ())


def test_the_bounce_finds_its_mail(sink: Sink, email: Email) -> None:
    sent = email.send(message())
    bounce = (Path(__file__).parent / "wire" / "email" / "bounce_511.eml").read_bytes()
    start = bounce.index(b"From: Baton <baton@example.com>")
    (inbound,) = email.read(bounce[:start].replace(b"\n", b"\r\n") + sink.mails[0] + b"\r\n--b0--\r\n")
    assert (inbound.kind, inbound.message_id) == (EventKind.STATUS, sent.ids[0])


def two_batons_stop_at_once(sink: Sink, read: Callable[[Email, bytes], Inbound]) -> None:
    """Each answers whatever it takes for a person's mail."""
    ours, theirs = open_email(sink.url), open_email(sink.url, "Their Baton <bot@example.net>")
    ours.send(message(to="bot@example.net"))
    for turn in range(10):
        reader, writer = (theirs, "baton@example.com") if turn % 2 == 0 else (ours, "bot@example.net")
        inbound = read(reader, sink.mails[-1])
        if inbound.kind == EventKind.AUTOMATIC:
            break
        reader.send(message(to=writer, automatic_reply=True))
    assert len(sink.mails) == 1


def test_two_batons_that_write_to_each_other_stop_at_once(sink: Sink) -> None:
    two_batons_stop_at_once(sink, lambda reader, raw: reader.read(raw)[0])


def test_not_saying_that_a_machine_wrote_it_would_be_caught(sink: Sink) -> None:
    with pytest.raises(AssertionError):
        two_batons_stop_at_once(sink, lambda reader, raw: reader.read(raw.replace(b"Auto-Submitted", b"X-Other"))[0])
