"""How refusals of a mail server are told, and what it is shown before it proved its name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from channels.base import Attachment, ConfigurationError, SendError
from channels.mail.server import Server
from tests.channels.mail_sink import Sink
from tests.channels.mails import message, open_email
from tests.conftest import free_port


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


# --- refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "answer", "retryable", "unknown", "code"),
    [
        ("at_recipient", "550 5.1.1 no such user", False, False, "550 5.1.1 no such user"),
        ("at_recipient", "450 4.2.0 greylisted", True, False, "450 4.2.0 greylisted"),
        ("at_recipient", "", True, False, "SMTPServerDisconnected"),
        ("at_data", "554 5.7.1 spam", False, False, "554 5.7.1 spam"),
        ("at_data", "421 4.3.2 going down", True, False, "421 4.3.2 going down"),
        ("at_data", "", False, True, "SMTPServerDisconnected"),
    ],
)
def test_a_refusal_is_told_as_it_is(sink: Sink, stage: str, answer: str, retryable: bool, unknown: bool, code: str) -> None:
    points: list[str] = []
    getattr(sink, stage).append(answer)
    with pytest.raises(SendError) as refused:
        open_email(sink.url, reach=points.append).send(message())
    assert (refused.value.retryable, refused.value.unknown, refused.value.code) == (retryable, unknown, code)
    assert "asha" not in str(refused.value)
    assert points == ["before:smtp.send", "after:smtp.send"]
    assert not sink.mails


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(SendError) as refused:
        open_email(f"smtp://127.0.0.1:{free_port()}").send(message())
    assert refused.value.retryable
    assert not refused.value.unknown


def test_a_mail_over_the_servers_size_is_refused_before_it_is_sent() -> None:
    sink = Sink(data_size_limit=2_000)
    with pytest.raises(SendError) as refused:
        open_email(sink.url).send(message(attachments=(Attachment("a.pdf", "application/pdf", b"x" * 3_000),)))
    sink.close()
    assert refused.value.code.startswith("552")
    assert not refused.value.retryable


# --- logins and certificates ----------------------------------------------------------------------------------------------


def certificate(folder: Path, host: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    clear = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Sink, list[bytes]]]:
    """A sink that wants STARTTLS and a login; the passwords it was shown."""
    shown: list[bytes] = []

    def login(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
        shown.append(data.password)  # type: ignore[attr-defined]
        return AuthResult(success=data.password == b"p@ss", handled=False)  # type: ignore[attr-defined]

    tls = certificate(tmp_path, "127.0.0.1")
    sink = Sink(tls_context=tls, require_starttls=True, auth_required=True, authenticator=login)
    yield sink, shown
    sink.close()


def with_login(sink: Sink, password: str = "p%40ss") -> str:
    return sink.url.replace("smtp://", f"smtp://baton%40example.com:{password}@") + "?starttls=1"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "tls", lambda _: ssl.create_default_context(cafile=tmp_path / "ca.pem"))


@pytest.mark.usefixtures("trusted")
def test_it_logs_in_over_tls(guarded: tuple[Sink, list[bytes]]) -> None:
    sink, shown = guarded
    open_email(with_login(sink)).send(message())
    assert shown == [b"p@ss"]
    assert len(sink.mails) == 1


@pytest.mark.usefixtures("trusted")
def test_a_refused_login_is_no_fault_of_the_mail(guarded: tuple[Sink, list[bytes]]) -> None:
    with pytest.raises(SendError) as refused:
        open_email(with_login(guarded[0], "wrong")).send(message())
    assert (refused.value.retryable, refused.value.code) == (True, "535")


def test_a_server_that_cannot_prove_its_name_is_shown_no_password(guarded: tuple[Sink, list[bytes]]) -> None:
    sink, shown = guarded
    with pytest.raises(SendError) as refused:
        open_email(with_login(sink)).send(message())
    assert (refused.value.retryable, refused.value.code) == (True, "certificate")
    assert not shown
    assert not sink.mails


def test_a_server_without_the_wanted_tls_is_shown_no_password(sink: Sink) -> None:
    with pytest.raises(SendError) as refused:
        open_email(with_login(sink)).send(message())
    assert refused.value.retryable
    assert not sink.mails


# --- settings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "host", "imap://host", "smtp://u:secret@host:port", "smtp://:25", "smtp://[u:secret@host"])
def test_an_unusable_server_names_the_setting_and_no_secret(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SMTP_URL") as problem:
        open_email(url)
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize("sender", ["", "Baton", "Baton <baton>", "baton+tag@example.com", "@example.com"])
def test_an_unusable_sender_names_the_setting(sender: str) -> None:
    with pytest.raises(ConfigurationError, match="EMAIL_FROM"):
        open_email("smtp://127.0.0.1:25", sender)


def test_addresses_of_servers_are_read_whole() -> None:
    ports = {"smtp": 587, "smtps": 465}
    assert Server.read("smtps://u%40x:p%2Fw@mail.example.com", "S", ports) == Server("mail.example.com", 465, "tls", "u@x", "p/w")
    assert Server.read("smtp://mail.example.com:25?starttls=1", "S", ports) == Server("mail.example.com", 25, "starttls", "", "")
    assert Server.read("smtp://mail.example.com?starttls=0", "S", ports).security == "plain"
    assert "p/w" not in repr(Server("h", 1, "tls", "u", "p/w"))
