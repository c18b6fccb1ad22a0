"""What a raw mail says, and what it must never be taken to say."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import channels.mail.html
import channels.mail.read
from channels.base import BadRequest, BadSignature, Delivery, EventKind, Inbound, Media
from channels.email import SIGNATURE, TIMESTAMP, Email, parse_mail, signature
from channels.mail.parts import display_name
from channels.mail.quotes import reply_text
from tests.channels.case_email import PROMPT, SECRET, WIRE

BOX = "baton@example.com"
QUOTING = (
    "gmail_reply",
    "outlook_reply",
    "html_only",
    "outlook_html_only",
    "hindi",
    "forwarded",
    "forwarded_attached",
    "inline_reply",
)


def fixture(name: str) -> bytes:
    return (WIRE / f"{name}.eml").read_bytes()


def read(raw: bytes, *authserv_ids: str) -> Inbound:
    (inbound,) = parse_mail(raw, BOX, authserv_ids)
    return inbound


def mail(body: bytes = b"Yes, two chairs.", sender: str = "asha@example.org", **fields: str) -> bytes:
    """A plain mail; header names with an underscore for the hyphen."""
    named = {"From": sender, "To": BOX, "Message-ID": "<m1@example.org>", "Subject": "Chairs"}
    named |= {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{name}: {value}\n" for name, value in named.items()).encode() + b"\n" + body


# --- the words of the person, and nobody else's -----------------------------------------------------------------------


def nothing_quoted_is_an_answer() -> None:
    """Every one of these mails quotes our prompt with its "approve"; no writer of them wrote it."""
    for name in QUOTING:
        assert b"pprove" in fixture(name), name
        assert "approve" not in read(fixture(name)).text.lower(), name


def test_nothing_quoted_is_an_answer() -> None:
    nothing_quoted_is_an_answer()


def test_taking_quoted_text_for_the_answer_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels.mail.read, "reply_text", lambda text, *, reply: text)
    with pytest.raises(AssertionError, match="gmail_reply"):
        nothing_quoted_is_an_answer()


def nothing_hidden_is_read() -> None:
    raw = fixture("hidden_text")
    assert raw.count(b"approve") == 13
    assert "approve" not in read(raw).text


def test_nothing_hidden_is_read() -> None:
    nothing_hidden_is_read()


@pytest.mark.parametrize("check", ["_not_shown", "_tiny", "_colour"])
def test_reading_hidden_text_would_be_caught(monkeypatch: pytest.MonkeyPatch, check: str) -> None:
    monkeypatch.setattr(channels.mail.html, check, lambda *_: None)
    with pytest.raises(AssertionError):
        nothing_hidden_is_read()


@pytest.mark.parametrize(
    "html",
    [
        '<p style="font-size:0">\n<span style="font-size:14px">seen</span></p>',
        '<div style="background:#000"><p style="color:#fff">seen</p></div>',
        '<div style="background:url(a.png)"><p style="color:#fff">seen</p></div>',
        '<p style="color:#fff"><b style="color:#222">seen</b></p>',
        '<p style="opacity:1;height:0">seen</p>',
        '<p style="color:windowtext;font-size:medium">seen</p>',
        "<table bgcolor=navy><td><font color=white>seen</font></table>",
    ],
)
def test_what_can_be_seen_is_read(html: str) -> None:
    assert read(mail(html.encode(), Content_Type="text/html")).text == "seen"


_WORDS = st.text("abcdefgh आशा.,?123", min_size=1, max_size=30).filter(lambda words: words.strip(" .,?123"))
_HEADERS = (
    "On Mon, 2 Nov 2026 at 10:05, Baton <baton@example.com> wrote:\n> ",
    "On Mon, 2 Nov 2026 at 10:05, Baton\n<baton@example.com>\nwrote:\n\n> ",
    "> ",
    "-----Original Message-----\nFrom: Baton\n\n",
    "________________________________\nFrom: Baton <baton@example.com>\nSent: Monday\nTo: Asha\nSubject: PA-1042\n\n",
    "*From:* Baton\n*Date:* Monday\n*To:* Asha\n*Subject:* PA-1042\n\n",
    "Am 02.11.2026 um 10:05 schrieb Baton:\n> ",
    "Am Mo., 2. Nov. 2026 um 10:05 Uhr schrieb Baton <baton@example.com>:\n\n",
    "Le lun. 2 nov. 2026 à 10:05, Baton <baton@example.com> a écrit :\n\n",
    "Von: Baton\nGesendet: Montag\nAn: Asha\nBetreff: PA-1042\n\n",
    "सोम, 2 नव॰ 2026 को 10:05 am बजे को Baton <baton@example.com> ने लिखा:\n\n> ",
    "2026年11月2日(月) 10:05 Baton <baton@example.com>:\n> ",
    "---------- Forwarded message ---------\nFrom: Baton\n\n",
)


@settings(max_examples=150, deadline=None)
@given(
    written=st.lists(_WORDS, max_size=3), header=st.sampled_from(_HEADERS), gap=st.sampled_from(["\n", "\n\n", "\r\n\r\n\r\n"])
)
def test_quoting_in_any_manner_adds_nothing(written: list[str], header: str, gap: str) -> None:
    top = "\n".join(written)
    assert reply_text(f"{top}{gap}{header}1. approve\n> 2. reject", reply=True) == reply_text(top, reply=True)


@pytest.mark.parametrize(
    "text",
    [
        "From: Pune\nTo: Delhi\nDate: 3 March",
        "Thanks, please buy:\n- two chairs\n- one desk",
        "Hello,\nThank you, but we need more.\n\nPlease send three.",
        "On Monday we need chairs.\nOn Tuesday desks.",
        "Important Note: the e-mail of the vendor is below\nsales@example.net",
        "5 > 4, so take five",
        "Best\nof the three: the second",
    ],
)
def test_what_only_looks_like_a_quote_or_a_signature_stays(text: str) -> None:
    assert read(mail(text.encode())).text == text


@pytest.mark.parametrize(
    "end",
    [
        "-- \nAsha\nPurchase",
        "Regards,\nAsha\nSample Traders",
        "Thanks & Regards\nAsha",
        "धन्यवाद,\nआशा",
        "Sent from my iPhone",
        "Get Outlook for Android",
        "",
    ],
)
def test_a_signature_is_left_out(end: str) -> None:
    assert read(mail(f"Two chairs.\n\n{end}\n".encode())).text == "Two chairs."


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
    assert [
        read(mail(Date=wrong)).sent_at
        for wrong in ("yesterday", "", "1 Jan 99999999 00:00 +0000", "Mon, 2 Nov 2026 10:31 +9999999")
    ] == [None] * 4


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


# --- letters and bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("utf-8", "₹ पाँच".encode(), "₹ पाँच"),
        ("us-ascii", "₹ पाँच".encode(), "₹ पाँच"),
        ("no-such-charset", "₹ पाँच".encode(), "₹ पाँच"),
        ("windows-1252", b"5 \x80 \x96", "5 € –"),
        ("us-ascii", b"5 \x80 \x96", "5 € –"),
        ("utf-16", "₹ पाँच".encode("utf-16"), "₹ पाँच"),
        ("utf-8", b"a\xff\xfeb\0", "a\ufffd\ufffdb"),
        ("idna", b"xn--mnchen-3ya", "xn--mnchen-3ya"),
        ("rot13", b"plain", "plain"),
        ("unicode_escape", b"\\ud800", "\\ud800"),
    ],
)
def test_letters_survive_wrong_charsets(charset: str, body: bytes, text: str) -> None:
    assert read(mail(body, Content_Type=f"text/plain; charset={charset}")).text == text


def test_encoded_words_split_inside_a_letter_are_joined() -> None:
    assert read(mail(Subject="=?utf-8?B?4KSG4KQ=?=\n =?utf-8?B?tuCkvg==?= PA-1042 =?x?q?a?= =?utf-8?b?!!!?=")).subject.startswith(
        "आशा PA-1042 a"
    )
    assert read(mail(Subject="कुर्सियाँ")).subject == "कुर्सियाँ"
    assert read(mail(sender="=?utf-8?q?=E0=A4=86=0D=0ABcc:_x?= <asha@example.org>")).sender_name == "आ Bcc: x"


# --- hostile bytes -----------------------------------------------------------------------------------------------------------


def survives(raw: bytes) -> None:
    """Any bytes are an event that every database can keep, or a bad request without a word of theirs."""
    try:
        inbound = read(raw, "mx.example.com")
    except BadRequest as error:
        assert str(error).isascii()
        return
    texts = [value for name in Inbound.__slots__ if isinstance(value := getattr(inbound, name), str)]
    texts += [part for media in inbound.media for part in (media.name, media.type)] + list(inbound.reply_to)
    assert not [text for text in texts if "\0" in text or text.encode("utf-8").decode() != text]
    assert "\n" not in inbound.subject + inbound.sender + inbound.sender_name + inbound.tag + inbound.message_id
    assert inbound == read(raw, "mx.example.com")


_PIECES = st.sampled_from(
    [
        *(line + b"\n" for name in ("gmail_reply", "bounce_511", "attachment_pdf", "hidden_text", "calendar_reply") for line in fixture(name).split(b"\n")),
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
)  # fmt: skip


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
)  # fmt: skip
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


# --- the webhook ------------------------------------------------------------------------------------------------------------


def webhook(secret: str = SECRET) -> Email:
    return Email(
        "Baton <baton@example.com>", "smtp://127.0.0.1:1", now=lambda: datetime(2026, 1, 1, tzinfo=UTC), webhook_secret=secret
    )


def test_the_signature_binds_the_time() -> None:
    raw = fixture("gmail_reply")
    headers = {TIMESTAMP: "1793600000", SIGNATURE: signature(SECRET, "1793600000", raw)}
    assert webhook().parse(raw, headers) == (replace(read(raw)),)
    for forged in (
        {TIMESTAMP: "1793600001"},
        {TIMESTAMP: ""},
        {TIMESTAMP: "1793600000.From: x"},
        {SIGNATURE: headers[SIGNATURE][7:]},
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
    from channels.base import MediaError

    with pytest.raises(MediaError) as refused:
        webhook().fetch(Media("part:1", "application/pdf"), 10)
    assert not refused.value.retryable
