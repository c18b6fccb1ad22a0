"""The vendor's mailbox: mail by SMTP in, signed raw mail to the webhook out."""

from __future__ import annotations

import hashlib
import hmac
import smtplib
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from urllib.parse import urlsplit

from channels.email import SIGNATURE, TIMESTAMP, Email, signature
from tests.simulator.site import VENDOR, Received, Site, wait_for


def deliver(site: Site, *, html: bool = False, to: str = "orders@sunrise.example") -> None:
    mail = EmailMessage()
    mail["From"] = "Baton <baton@baton.example>"
    mail["Reply-To"] = "Baton <baton+k3j4@baton.example>"
    mail["To"], mail["Subject"], mail["Message-ID"] = to, "Purchase order PO-1 ✓", "<po1.tag@baton.example>"
    mail["References"] = "<first@baton.example>"
    mail.set_content("<p>Please <b>confirm</b></p>" if html else "Please confirm\nनमस्ते", subtype="html" if html else "plain")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="PO-1.pdf")
    address = urlsplit(site.settings.smtp_url)
    with smtplib.SMTP(str(address.hostname), int(address.port or 0), "baton.example", timeout=5) as server:
        server.send_message(mail)


def posted(site: Site) -> tuple[Received, EmailMessage]:
    got = wait_for(lambda: site.at("/webhooks/email"))[-1]
    mail = BytesParser(policy=policy.default).parsebytes(got.body)
    assert isinstance(mail, EmailMessage)
    return got, mail


def test_mail_is_filed_with_its_files(site: Site) -> None:
    deliver(site)
    [shown] = site.shown(VENDOR)
    assert (shown["subject"], shown["text"]) == ("Purchase order PO-1 ✓", "Please confirm\nनमस्ते")
    assert shown["files"] == [{"name": "PO-1.pdf", "type": "application/pdf", "size": 8}]


def test_html_alone_is_shown_as_text(site: Site) -> None:
    deliver(site, html=True)
    assert site.shown(VENDOR)[0]["text"] == "Please confirm"


def test_an_answer_threads_quotes_and_is_signed(site: Site) -> None:
    deliver(site)
    site.simulator.hands.write(VENDOR, "We confirm for Friday.", quote=site.shown(VENDOR)[0]["id"])
    got, mail = posted(site)
    secret = site.settings.email_webhook_secret
    stamp = got.headers["X-Baton-Timestamp"]
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-Baton-Signature"] == f"sha256={digest}" == signature(secret, stamp, got.body)
    assert {SIGNATURE, TIMESTAMP} <= set(got.headers)
    assert abs(int(stamp) - site.clock.now().timestamp()) < 30
    assert mail["to"] == "baton+k3j4@baton.example"
    assert mail["from"].addresses[0].addr_spec == "orders@sunrise.example"
    assert mail["in-reply-to"] == "<po1.tag@baton.example>"
    assert str(mail["references"]).split() == ["<first@baton.example>", "<po1.tag@baton.example>"]
    assert mail["subject"] == "Re: Purchase order PO-1 ✓"
    body = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    assert body.startswith("We confirm for Friday.\n")
    assert "> Please confirm" in body


def test_the_products_own_adapter_reads_an_answer(site: Site) -> None:
    deliver(site)
    site.simulator.hands.write(VENDOR, "We confirm for Friday.", quote=site.shown(VENDOR)[0]["id"])
    got, _ = posted(site)
    settings = site.settings
    adapter = Email(
        settings.email_from,
        settings.smtp_url,
        now=site.clock.now,
        webhook_secret=settings.email_webhook_secret,
        authserv_ids=[settings.email_authserv_ids],
    )
    [inbound] = adapter.parse(got.body, got.headers)
    assert (inbound.text, inbound.tag, inbound.authenticated) == ("We confirm for Friday.", "k3j4", True)
    assert inbound.reply_to == ("<po1.tag@baton.example>", "<first@baton.example>")


def test_a_new_mail_with_a_file(site: Site) -> None:
    site.simulator.hands.attach_sample(VENDOR, "quote", text="Here is our quote")
    _, mail = posted(site)
    assert mail["to"] == site.settings.email_from
    assert mail["in-reply-to"] is None
    [file] = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("quote-SS-Q-2041.pdf", "application/pdf")
    assert file.get_payload(decode=True).startswith(b"%PDF")  # type: ignore[union-attr]


def test_an_answer_comes_from_the_address_that_was_written_to(site: Site) -> None:
    deliver(site, to="sales@other.example")
    site.simulator.hands.write(VENDOR, "Yes", quote=site.shown(VENDOR)[0]["id"])
    _, mail = posted(site)
    assert mail["from"].addresses[0].addr_spec == "sales@other.example"


def test_words_cannot_add_headers(site: Site) -> None:
    told = site.api("message", json={"phone": VENDOR, "text": "x", "subject": "Hello\r\nBcc: someone@elsewhere.example"})
    assert told.status_code == 202
    _, mail = posted(site)
    assert mail["bcc"] is None
    assert mail["subject"] == "Hello Bcc: someone@elsewhere.example"
