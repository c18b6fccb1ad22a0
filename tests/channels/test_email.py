"""What a raw mail says: who wrote it, which mail it answers, whether a machine did."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.base import BadSignature, Delivery, EventKind, Media, MediaError
from channels.email import SIGNATURE, TIMESTAMP, Email, signature
from channels.mail.parts import display_name
from tests.channels.case_email import PROMPT, SECRET
from tests.channels.mails import fixture, mail, read

# --- machines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "Auto-Replied; owner-email=x"},
        {"auto_submitted": "auto-notified"},
        {"Return_Path": "<>"},
        {"Return_Path": " < > "},
        {"List_Id": "<news.example.net>"},
        {"List_Unsubscribe": "<https://example.net/u>"},
        {"Precedence": "Bulk"},
        {"Precedence": "junk"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "x"},
        {"Content_Type": "multipart/report; report-type=disposition-notification"},
        {"From": "Mailer <MAILER-DAEMON@example.net>"},
        {"From": "Baton <Baton@Example.com>"},
        {"From": "baton+tag@example.com"},
    ],
)
def test_a_machines_mail_is_automatic(fields: dict[str, str]) -> None:
    assert read(mail(**fields)).kind == EventKind.AUTOMATIC


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Auto_Submitted": "no"},
        {"X_Auto_Response_Suppress": "All"},
        {"Return_Path": "<asha@example.org>"},
        {"Precedence": ""},
    ],
)
def test_a_persons_mail_is_a_message(fields: dict[str, str]) -> None:
    assert read(mail(**fields)).kind == EventKind.MESSAGE


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"5.1.1", b"5.1.1", Delivery.FAILED),
        (b"Status: 5.1.1", b"Status: 4.4.7", Delivery.FAILED),  # given up after days of trying
        (b"Action: failed", b"", Delivery.FAILED),
        (b"Action: failed\nStatus: 5.1.1", b"Status: 4.4.1", None),
        (b"Action: failed", b"Action: delayed", None),
        (b"Action: failed", b"Action: relayed", None),
        (b"Action: failed", b"Action: delivered", Delivery.DELIVERED),
    ],
)
def test_a_report_says_what_became_of_our_mail(old: bytes, new: bytes, status: Delivery | None) -> None:
    assert old in fixture("bounce_511")
    inbound = read(fixture("bounce_511").replace(old, new))
    assert inbound.status == status
    assert inbound.kind == (EventKind.STATUS if status else EventKind.AUTOMATIC)


def test_a_report_may_bring_only_the_headers_or_name_our_mail_itself() -> None:
    brief = fixture("bounce_511").replace(b"message/rfc822", b"text/rfc822-headers")
    assert read(brief).message_id == "<9.00112233445566778899aabbccddeeff@example.com>"
    bare, _, _ = fixture("bounce_511").rpartition(b"--b0\nContent-Type: message/rfc822")
    assert read(b"In-Reply-To: <9.x@example.com>\n" + bare).message_id == "<9.x@example.com>"
    assert read(bare).kind == EventKind.AUTOMATIC  # about which mail, it does not say


# --- which mail, which thread -----------------------------------------------------------------------------------------


def test_the_event_id_is_of_message_id_and_body() -> None:
    raw = fixture("plus_tag")
    same = [raw, raw.replace(b"\n", b"\r\n"), b"Received: by mx2\n" + raw, raw + b"\n"]
    other = [fixture("repeated_id"), raw.replace(b"tag-1@", b"tag-2@"), raw.replace(b"2,400", b"2,401")]
    assert len({read(each).event_id for each in same}) == 1
    assert len({read(each).event_id for each in (raw, *other)}) == 4


def test_without_a_message_id_the_date_tells_two_mails_apart() -> None:
    raw = fixture("no_message_id")
    assert read(raw).event_id != read(raw.replace(b"06:00:00", b"06:00:01")).event_id
    assert read(raw).event_id == read(b"X-Spam: no\n" + raw).event_id


def test_reply_ids_are_surest_first_without_folding() -> None:
    raw = mail(In_Reply_To="<b@x>", References="<a@x>\n <b@x> <c.long\n id@x>")
    assert read(raw).reply_to == ("<b@x>", "<c.longid@x>", "<a@x>")
    assert read(mail(In_Reply_To="b@x")).reply_to == ("<b@x>",)
    assert read(mail(In_Reply_To="your message of Monday")).reply_to == ()


def test_the_tag_is_ours_alone_and_never_guessed() -> None:
    assert read(mail(To="Someone <baton@example.com>, x+no@example.com")).tag == ""
    assert read(mail(Cc="BATON+aB3@EXAMPLE.com")).tag == "aB3"
    assert read(mail(X_Original_To="baton+one@example.com", Cc="baton+one@example.com")).tag == "one"
    assert read(mail(Delivered_To="baton+one@example.com", Cc="baton+two@example.com")).tag == ""


def test_dates() -> None:
    assert read(mail(Date="Mon, 2 Nov 2026 10:31:05 +0530")).sent_at == datetime(2026, 11, 2, 5, 1, 5, tzinfo=UTC)
    assert read(mail(Date="2 Nov 2026 10:31 -0000")).sent_at == datetime(2026, 11, 2, 10, 31, tzinfo=UTC)
    for wrong in ("yesterday", "", "1 Jan 99999999 00:00 +0000", "Mon, 2 Nov 2026 10:31 +9999999"):
        assert read(mail(Date=wrong)).sent_at is None


# --- who wrote it -------------------------------------------------------------------------------------------------------

PASS = "mx.example.com; spf=pass smtp.mailfrom=example.org; dmarc=pass (p=REJECT) header.from=example.org"


@pytest.mark.parametrize(
    ("results", "vouched"),
    [
        ([PASS], True),
        (["mx.example.com 1; DMARC=pass header.from = Example.ORG"], True),
        (["relay.example.net; dmarc=fail", PASS], True),  # another server's word neither helps nor harms
        ([], False),
        (["elsewhere.example.net; dmarc=pass header.from=example.org"], False),
        (["mx.example.com; dmarc=fail header.from=example.org", PASS], False),  # ours on top, a forged one below
        (["mx.example.com; spf=pass; dkim=pass header.d=example.org"], False),
        (["mx.example.com; dmarc=pass header.from=evil.example"], False),
        (["mx.example.com; dmarc=pass"], False),
        (["mx.example.com; dmarc=none header.from=example.org"], False),
        (["mx.example.com; dmarc=pass header.from=sub.example.org"], False),
        (['mx.example.com; spf=fail smtp.mailfrom="a; dmarc=pass header.from=example.org"'], False),
        (["mx.example.com; spf=fail (a (b) ; dmarc=pass header.from=example.org"], False),
        (["mx.example.com; spf=fail (\\) ; dmarc=pass header.from=example.org ; )"], False),
        (["mx.example.com; spf=fail ) ; dmarc=pass header.from=example.org"], False),
        (["mx.example.com; dmarc=fail header.from=example.org; dmarc=pass header.from=example.org"], False),
        (["mx.example.com"], False),
        ([";"], False),
    ],
)
def test_only_our_own_mail_servers_word_is_believed(results: list[str], vouched: bool) -> None:
    raw = b"".join(b"Authentication-Results: " + each.encode() + b"\n" for each in results) + mail()
    assert read(raw, "MX.example.com").authenticated is vouched
    assert not read(raw).authenticated  # no server configured


def test_two_senders_are_none_to_vouch_for() -> None:
    raw = f"Authentication-Results: {PASS}\n".encode()
    assert not read(raw + mail(sender="asha@example.org, ravi@example.org"), "mx.example.com").authenticated
    assert not read(raw + b"From: x@example.net\n" + mail(), "mx.example.com").authenticated


# --- files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\कोटेशन.pdf", "कोटेशन.pdf"),
        ("a\r\nX-Evil: 1.pdf", "a X-Evil: 1.pdf"),
        ("gpj\u202efdp.exe\0", "gpjfdp.exe"),
        ("..", ""),
        ("x" * 4000 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_names_are_for_the_eye(name: str, shown: str) -> None:
    assert display_name(name) == shown


def test_pictures_in_a_signature_are_no_documents() -> None:
    raw = fixture("attachment_pdf")
    assert [media.type for media in read(raw).media] == ["application/pdf"]
    photo = raw.replace(b"iVBORw0KGgoAAAANSUhEUg==", b"iVBORw0KGgoAAAANSUhEUg" * 200)
    assert [media.type for media in read(photo).media] == ["image/png", "application/pdf"]
    attached = raw.replace(b"Content-ID: <logo>\n", b"").replace(b"inline; filename", b"attachment; filename")
    assert [media.type for media in read(attached).media] == ["image/png", "application/pdf"]


def test_a_forwarded_mail_is_a_file_and_not_opened() -> None:
    (media,) = read(fixture("forwarded_attached")).media
    assert (media.type, media.name) == ("message/rfc822", "quotation.eml")
    assert media.content is not None
    assert b"Please approve." in media.content


# --- the webhook ------------------------------------------------------------------------------------------------------------


def webhook(secret: str = SECRET) -> Email:
    return Email(
        "Baton <baton@example.com>", "smtp://127.0.0.1:1", now=lambda: datetime(2026, 1, 1, tzinfo=UTC), webhook_secret=secret
    )


def test_the_signature_binds_the_time() -> None:
    raw = fixture("gmail_reply")
    headers = {TIMESTAMP: "1793600000", SIGNATURE: signature(SECRET, "1793600000", raw)}
    assert webhook().parse(raw, headers) == (read(raw),)
    bare = headers[SIGNATURE].removeprefix("sha256=")
    for forged in (
        {TIMESTAMP: "1793600001"},
        {TIMESTAMP: ""},
        {TIMESTAMP: "1793600000.From: x"},
        {SIGNATURE: bare},
        {SIGNATURE: "sha256=ä"},
    ):
        with pytest.raises(BadSignature):
            webhook().parse(raw, {**headers, **forged})


def test_without_a_secret_the_webhook_is_shut() -> None:
    raw = fixture("gmail_reply")
    with pytest.raises(BadSignature):
        webhook("").parse(raw, {TIMESTAMP: "1793600000", SIGNATURE: signature("", "1793600000", raw)})


def test_the_webhook_and_the_mailbox_read_alike() -> None:
    raw = fixture("hindi")
    headers = {TIMESTAMP: "1", SIGNATURE: signature(SECRET, "1", raw)}
    assert webhook().parse(raw, headers) == webhook().read(raw)
    assert webhook().read(raw)[0].reply_to == (PROMPT,)


def test_a_file_that_did_not_come_along_cannot_be_fetched() -> None:
    with pytest.raises(MediaError) as refused:
        webhook().fetch(Media("part:1", "application/pdf"), 10)
    assert not refused.value.retryable
