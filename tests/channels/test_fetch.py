"""Where the download of a file may lead, and what may come back."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import channels.http
from channels.base import Media, MediaError
from channels.http import is_public
from channels.twilio import MEDIA_HOSTS, TwilioWhatsApp
from tests.channels.case_twilio import BASIC, TwilioCase
from tests.channels.provider import DROP, Answer, Provider, Request

CDN = "media.twiliocdn.com"
HOME_PATH = "/2010-04-01/Accounts/AC/Messages/MM/Media/ME"


@pytest.fixture
def twilio() -> Iterator[TwilioCase]:
    case = TwilioCase()
    yield case
    case.close()


@pytest.fixture
def channel(twilio: TwilioCase) -> Iterator[TwilioWhatsApp]:
    channel = twilio.channel()
    yield channel
    channel.close()


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every host that somebody tries to connect to by name or address, other than loopback's own ports in use."""
    tried: list[str] = []
    honest = urllib3.util.connection.create_connection

    def connect(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
        tried.append(address[0])
        return honest(address, *rest, **more)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connect)
    return tried


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Makes every name, but no address, resolve so."""
    honest, found = socket.getaddrinfo, [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

    def look_up(host: str, *asked: Any, **more: Any) -> Any:
        return found if host.endswith(".com") else honest(host, *asked, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def fetch(channel: TwilioWhatsApp, url: str, limit: int = 1000) -> bytes:
    return channel.fetch(Media(url, "image/jpeg"), limit)


def redirecting(twilio: TwilioCase, *locations: str) -> str:
    answers = [Answer(307, headers={"Location": location}) for location in locations]
    twilio.provider.refuse("/Media/ME", *answers)
    return "https://api.twilio.com" + HOME_PATH


# --- the real thing: Twilio's API redirects to its content network ---------------------------------------------------


class ContentNetwork(Provider):
    def honest(self, request: Request, number: int) -> Answer:
        return Answer(200, b"the photo", {"Content-Type": "image/jpeg"})


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContentNetwork]:
    """A server on loopback that holds a certificate for media.twiliocdn.com, which resolves to a public address."""
    certificate = tmp_path / "cdn.pem"
    certificate.write_bytes(_certificate(CDN))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    network = ContentNetwork(tls)
    honest = urllib3.util.connection.create_connection

    def connect(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
        return honest(("127.0.0.1", network.port) if address == ("151.101.2.2", 443) else address, *rest, **more)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connect)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    resolve_to(monkeypatch, "151.101.2.2")
    yield network
    network.close()


def _certificate(host: str) -> bytes:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def test_a_file_is_followed_to_the_content_network_without_credentials(
    twilio: TwilioCase, channel: TwilioWhatsApp, network: ContentNetwork
) -> None:
    url = redirecting(twilio, f"https://{CDN}/AC1/ME1?signed=1")
    assert fetch(channel, url) == b"the photo"
    (first,), (second,) = twilio.provider.requests, network.requests
    assert first.headers["authorization"] == BASIC
    assert second.path == "/AC1/ME1?signed=1"
    assert second.headers["host"] == CDN
    assert "authorization" not in second.headers


def test_credentials_come_back_with_no_redirect(twilio: TwilioCase, channel: TwilioWhatsApp) -> None:
    """Not even when it leads to the API itself: a redirect is the other side's word."""
    url = redirecting(twilio, HOME_PATH + "2")
    with pytest.raises(MediaError):
        fetch(channel, url)
    assert [request.headers.get("authorization") for request in twilio.provider.requests] == [BASIC, None]


def test_a_file_may_be_on_the_content_network_at_once(channel: TwilioWhatsApp, network: ContentNetwork) -> None:
    assert fetch(channel, f"https://{CDN}/x") == b"the photo"
    assert "authorization" not in network.requests[0].headers


# --- and where nothing may lead --------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/x",
    "https://twilio.com.evil.example/x",
    "https://eviltwilio.com/x",
    "https://media.twiliocdn.com@evil.example/x",
    "https://media.twiliocdn.com:8443/x",
    "http://media.twiliocdn.com/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://2130706433/x",
    "https://0177.0.0.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://ec2-1-2-3-4.compute-1.amazonaws.com/x",
    "https://s3.evil.example/x",
    "http://127.0.0.1:1/x",
    "file:///etc/passwd",
    "gopher://media.twiliocdn.com/x",
    "https://",
    "https://[bad/x",
    "https://media.twiliocdn.com:99999/x",
    "",
]


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("hop", ["first", "redirect"])
def test_other_places_are_refused(twilio: TwilioCase, channel: TwilioWhatsApp, canary: list[str], url: str, hop: str) -> None:
    if hop == "redirect" and not url:
        return  # an empty address is the same address again
    with pytest.raises(MediaError) as refused:
        fetch(channel, redirecting(twilio, url) if hop == "redirect" else url)
    assert not refused.value.retryable
    assert len(canary) == (hop == "redirect")


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("10.0.0.8",), ("151.101.2.2", "192.168.1.1"), ("169.254.169.254",)])
def test_an_allowed_name_at_a_private_address_is_refused(
    channel: TwilioWhatsApp, canary: list[str], monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    resolve_to(monkeypatch, *addresses)
    with pytest.raises(MediaError) as refused:
        fetch(channel, f"https://{CDN}/x")
    assert not refused.value.retryable
    assert not canary


def test_the_address_that_was_checked_is_the_one_called(
    channel: TwilioWhatsApp, canary: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may resolve differently a moment later: only addresses are connected to, never the name again."""
    resolve_to(monkeypatch, "192.0.2.1")
    monkeypatch.setattr(channels.http, "is_public", lambda address: True)

    def nobody(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
        canary.append(address[0])
        raise OSError("no route")

    monkeypatch.setattr(urllib3.util.connection, "create_connection", nobody)
    with pytest.raises(MediaError) as refused:
        fetch(channel, f"https://{CDN}/x")
    assert refused.value.retryable
    assert canary == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("151.101.2.2", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) == public


@pytest.mark.parametrize(
    "host", ["api.twilio.com", "media.twiliocdn.com", "s3-external-1.amazonaws.com", "x.s3.eu-west-1.amazonaws.com"]
)
def test_where_twilio_keeps_media(host: str) -> None:
    assert MEDIA_HOSTS.fullmatch(host)


# --- what comes back -------------------------------------------------------------------------------------------------


def test_redirects_end(twilio: TwilioCase, channel: TwilioWhatsApp) -> None:
    url = redirecting(twilio, *[twilio.provider.base + HOME_PATH] * 5)
    with pytest.raises(MediaError) as refused:
        fetch(channel, url)
    assert not refused.value.retryable
    assert len(twilio.provider.requests) == 4


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [(Answer(404), False), (Answer(403), False), (Answer(500), True), (Answer(429), True), (DROP, True)],
)
def test_a_refusal_says_whether_to_come_again(
    twilio: TwilioCase, channel: TwilioWhatsApp, answer: Answer, retryable: bool
) -> None:
    twilio.provider.refuse("/Media/ME", answer)
    with pytest.raises(MediaError) as refused:
        fetch(channel, "https://api.twilio.com" + HOME_PATH)
    assert refused.value.retryable == retryable


def test_a_packed_file_is_not_unpacked(twilio: TwilioCase, channel: TwilioWhatsApp) -> None:
    bomb = gzip.compress(bytes(1_000_000))
    twilio.provider.refuse("/Media/ME", Answer(200, bomb, {"Content-Encoding": "gzip"}))
    with pytest.raises(MediaError) as refused:
        fetch(channel, "https://api.twilio.com" + HOME_PATH, limit=2_000_000)
    assert not refused.value.retryable


def test_a_file_of_untold_size_is_cut_off(twilio: TwilioCase, channel: TwilioWhatsApp) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    twilio.provider.refuse("/Media/ME", Answer(200, chunk * 40 + b"0\r\n\r\n", {"Transfer-Encoding": "chunked"}, raw=True))
    with pytest.raises(MediaError) as refused:
        fetch(channel, "https://api.twilio.com" + HOME_PATH, limit=100_000)
    assert refused.value.too_large


def test_a_file_that_trickles_is_given_up(twilio: TwilioCase, channel: TwilioWhatsApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels.http, "DOWNLOAD_SECONDS", -1.0)
    with pytest.raises(MediaError) as refused:
        channel.fetch(twilio.media(b"slow"), 100)
    assert refused.value.retryable


def test_no_password_file_is_read(
    channel: TwilioWhatsApp, network: ContentNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text(f"machine {CDN} login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fetch(channel, f"https://{CDN}/x")
    assert "authorization" not in network.requests[0].headers
