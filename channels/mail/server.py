"""A mail server's address as settings give it: `scheme://user:password@host:port/folder?starttls=1`."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from channels.base import ConfigurationError


@dataclass(frozen=True, slots=True)
class Server:
    """`security`: "plain", "starttls" or "tls" (from the first byte). `user` "": no login."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    folder: str = ""

    @classmethod
    def read(cls, url: str, setting: str, ports: dict[str, int]) -> Server:
        """`ports` maps the schemes allowed to their usual ports; those ending in "s" are encrypted from the start. User,
        password and folder are percent-decoded. Raises ConfigurationError naming `setting`, never its value."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ConfigurationError(f"{setting} is no address: write {_example(ports)}") from error
        if parts.scheme not in ports or not host:
            raise ConfigurationError(f"{setting} is no mail server's address: write {_example(ports)}")
        starttls = parse_qs(parts.query).get("starttls", ["0"])[0] not in ("0", "", "false", "no")
        security = "tls" if parts.scheme.endswith("s") else "starttls" if starttls else "plain"
        user, password, folder = (unquote(each or "") for each in (parts.username, parts.password, parts.path.strip("/")))
        return cls(host, port or ports[parts.scheme], security, user, password, folder)

    def tls(self) -> ssl.SSLContext:
        """Certificates are checked (the mail libraries' own default is not to)."""
        return ssl.create_default_context()


def _example(ports: dict[str, int]) -> str:
    scheme = max(ports)
    return f"{scheme}://user:password@host:{ports[scheme]}"
