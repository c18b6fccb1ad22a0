"""The words of the person who wrote, and nobody else's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import channels.mail.html
import channels.mail.read
from channels.mail.quotes import reply_text
from tests.channels.mails import fixture, mail, read

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
    split = "=?utf-8?B?4KSG4KQ=?=\n =?utf-8?B?tuCkvg==?= PA-1042 =?x?q?a?= =?utf-8?b?!!!?="
    assert read(mail(Subject=split)).subject.startswith("आशा PA-1042 a")
    assert read(mail(Subject="कुर्सियाँ")).subject == "कुर्सियाँ"
    assert read(mail(sender="=?utf-8?q?=E0=A4=86=0D=0ABcc=3A_x?= <asha@example.org>")).sender_name == "आ Bcc: x"
