"""Downloads, careful about where they may lead, and what the adapters' HTTP shares: time-outs, announcing, headers."""

from __future__ import annotations

import ipaddress
import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from channels.base import MediaError, Reach

TIMEOUT = (5.0, 15.0)
"""Seconds to connect, and to wait for the next byte."""
DOWNLOAD_SECONDS = 60.0
MOST_REDIRECTS = 3
_CHUNK = 1 << 16
_GONE = (400, 401, 403, 404, 410)


@contextmanager
def reached(reach: Reach, name: str) -> Iterator[None]:
    """Announces an outbound call: right before it, and right after it whether it went well or not."""
    reach(f"before:{name}")
    try:
        yield
    finally:
        reach(f"after:{name}")


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value in any letter case, "" where it is missing."""
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, by which credentials are bound. Raises ValueError on a port that is no number."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port


class Redacted(logging.Filter):
    """Keeps a secret out of the records of the libraries that log addresses (Telegram's hold the bot's token), and drops those
    that log what people write."""

    ADDRESSES = ("httpx", "urllib3.connectionpool")
    WORDS = ("telegram.Bot", "telegram.request.BaseRequest", "telegram.request.HTTPXRequest")
    LOGGERS = ADDRESSES + WORDS

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().replace(self._secret, "***"), ()
        return record.name not in self.WORDS

    def install(self) -> None:
        for name in self.LOGGERS:
            logging.getLogger(name).addFilter(self)

    def remove(self) -> None:
        for name in self.LOGGERS:
            logging.getLogger(name).removeFilter(self)


class Wire:
    """The one way by which a download leaves an adapter. Safe from any thread.

    `home` is the address of the provider's API: the only place that may be private (a stand-in on loopback, say) and the only
    one that is given credentials.
    """

    def __init__(self, home: str, reach: Reach, *, pool: int = 32) -> None:
        self._home, self._reach = origin(home), reach
        self._inside = _session(HTTPAdapter(pool_maxsize=pool))
        self._outside = _session(_PublicOnly())

    def download(
        self, name: str, url: str, limit: int, *, auth: tuple[str, str] | None = None, allowed: Callable[[str], bool]
    ) -> bytes:
        """The bytes behind `url`, at most `limit`. `auth` goes to `home` and on the first hop only; other hosts must be
        `allowed`, over https, at public addresses. Raises MediaError."""
        deadline, problem = time.monotonic() + DOWNLOAD_SECONDS, "the file's address leads on and on"
        try:
            for _ in range(1 + MOST_REDIRECTS):
                session, auth = self._route(url, allowed), auth if self._is_home(url) else None
                with reached(self._reach, name), _get(session, url, auth) as response:
                    if not response.is_redirect:
                        return _body(response, limit, deadline)
                    url, auth = urljoin(url, response.headers["location"]), None
        except (requests.RequestException, HTTPError) as error:
            problem = f"the file could not be fetched ({type(error).__name__})"
            retryable = not isinstance(error, ValueError)
        except ValueError:  # so does `requests` tell of an address that is none
            problem, retryable = "the file has no usable address", False
        else:
            retryable = False
        # Not from the error: its text is the address, which for some providers holds a secret.
        raise MediaError(problem, retryable=retryable)

    def close(self) -> None:
        self._inside.close()
        self._outside.close()

    def _is_home(self, url: str) -> bool:
        try:
            return origin(url) == self._home
        except ValueError:
            return False

    def _route(self, url: str, allowed: Callable[[str], bool]) -> requests.Session:
        if self._is_home(url):
            return self._inside
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.netloc != parts.hostname or not allowed(parts.hostname):
            raise MediaError("the file is at an address that is not the provider's", retryable=False)
        return self._outside


def _get(session: requests.Session, url: str, auth: tuple[str, str] | None) -> requests.Response:
    # As it is, not packed: a small packed file can unpack to any size.
    headers = {"Accept-Encoding": "identity"}
    return session.get(url, auth=auth, headers=headers, timeout=TIMEOUT, stream=True, allow_redirects=False)


def _body(response: requests.Response, limit: int, deadline: float) -> bytes:
    if response.status_code != 200:
        problem = f"the provider answered {response.status_code} when asked for the file"
        raise MediaError(problem, retryable=response.status_code not in _GONE)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise MediaError("the file came packed, which was not asked for", retryable=False)
    content = bytearray()
    for chunk in response.raw.stream(_CHUNK, decode_content=False):
        content += chunk
        if len(content) > limit:
            raise MediaError(f"the file is larger than {limit} bytes", retryable=False, too_large=True)
        if time.monotonic() > deadline:
            raise MediaError(f"the file did not come within {DOWNLOAD_SECONDS:.0f} seconds", retryable=True)
    return bytes(content)


def _session(adapter: HTTPAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.auth = lambda request: request  # no credentials but ours: else `requests` reads ~/.netrc
    return session


# --- downloads from elsewhere: only from public addresses ------------------------------------------------------------


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet; an IPv4 address inside an IPv6 one counts as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_global and not ip.is_multicast


def _resolve(host: str, port: int) -> list[str]:
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(map(is_public, found)):
        raise MediaError("the file is at a private address", retryable=False)
    return found


class _PublicConnection(HTTPSConnection):
    """Connects to the very address that was checked: a name that resolves differently a moment later gains nothing."""

    def _new_conn(self) -> socket.socket:
        name, failure = self._dns_host, ConnectTimeoutError("the name has no address")
        try:
            for address in _resolve(name, self.port):
                self._dns_host = address
                try:
                    return super()._new_conn()
                except ConnectTimeoutError as error:
                    failure = error
        finally:
            self._dns_host = name
        raise failure


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicOnly(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}
