"""Calls to a provider's API: pooled, timed, announced. On urllib3 alone, since a send is on the hot path and `requests` takes three
times the processor time for one."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3 import HTTPHeaderDict, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError

from channels.base import Reach
from channels.http import TIMEOUT, reached

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Answer(NamedTuple):
    """A provider's whole answer."""

    status: int
    text: str
    headers: HTTPHeaderDict


class Calls:
    """The one way by which an API call leaves an adapter. Safe from any thread.

    Proxies and certificates are those of the environment (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE), read once for `home`.
    """

    def __init__(self, home: str, reach: Reach, *, pool: int = 32) -> None:
        certificates = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
        options: dict[str, Any] = {
            "maxsize": pool, "retries": False, "timeout": Timeout(connect=TIMEOUT[0], read=TIMEOUT[1]), "ca_certs": certificates,
        }  # fmt: skip
        proxy = _proxy(home)
        self._pool = ProxyManager(proxy, **options) if proxy else PoolManager(**options)
        self._reach = reach

    def call(
        self,
        name: str,
        method: str,
        url: str,
        *,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """One request; redirects are not followed. `data` goes as JSON where the headers say so, else as a form; a list is its key
        repeated. Raises urllib3's HTTPError."""
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
        body = None
        if data is not None:
            body = json.dumps(data) if sent.get("Content-Type") == JSON else _form(data)
            sent.setdefault("Content-Type", FORM)
        if params:
            url = f"{url}?{_form(params)}"
        with reached(self._reach, name):
            answer = self._pool.request(method, url, body=body, headers=sent, redirect=False)
        return Answer(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)

    def close(self) -> None:
        self._pool.clear()


def never_sent(error: HTTPError) -> bool:
    """Whether the connection failed before any of the request went out, so that trying again cannot do it twice."""
    return isinstance(error, NewConnectionError | ConnectTimeoutError | SSLError | ProxyError)


def _form(values: Mapping[str, object]) -> str:
    return urlencode({key: value for key, value in values.items() if value is not None}, doseq=True)


def _proxy(home: str) -> str:
    parts = urlsplit(home)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return ""
    return getproxies().get(parts.scheme, "")
