"""What a channel brings along to be held to the contract (`test_contract.py`).

An adapter joins by a file `case_<provider>.py` here with one `CASE = TheCase` in it, a subclass of `Case`. Webhooks are files in
`wire/<provider>/`: `<name>.<form|json|eml>` is the body, byte for byte, and `<name>.headers` the request line and headers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from channels.base import Channel, Media, Reach, nowhere

HERE = Path(__file__).parent
RETRYABLE, PERMANENT, UNKNOWN = "retryable", "permanent", "unknown"
"""How a provider can refuse: asked to come again, never, or no answer after the message went out."""


@dataclass(frozen=True)
class Webhook:
    """A request as the provider makes it; `expect` are the fields of the one Inbound it must read as."""

    body: bytes
    headers: dict[str, str]
    url: str = ""
    name: str = ""
    expect: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One message as it reached the provider. `tokens` are the buttons' in order, `files` the contents or links."""

    to: str
    text: str
    tokens: tuple[str, ...] = ()
    files: tuple[object, ...] = ()


class Case(ABC):
    """A channel and its provider. One instance serves one test."""

    name: ClassVar[str]
    address: ClassVar[str]
    """Somebody to write to."""
    expectations: ClassVar[dict[str, dict[str, object]]]
    """By the name of the webhook's file."""
    signs_body: ClassVar[bool] = True
    signs_url: ClassVar[bool] = False
    signature: ClassVar[str]
    """The header that proves the sender."""

    @abstractmethod
    def channel(self, reach: Reach = nowhere) -> Channel:
        """An adapter talking to this case's provider."""

    @abstractmethod
    def signed(self, body: bytes) -> Webhook:
        """Any bytes at all, as this provider would sign them."""

    @abstractmethod
    def seen(self) -> list[Seen]:
        """The messages that the provider took, in order."""

    @abstractmethod
    def refuse(self, how: str, *, times: int = 1) -> None:
        """Makes the provider refuse the next messages."""

    @abstractmethod
    def media(self, content: bytes) -> Media:
        """A file that somebody sent us."""

    @abstractmethod
    def close(self) -> None:
        """Ends the provider. Safe twice."""

    @classmethod
    def webhooks(cls) -> Iterable[Webhook]:
        return [read_webhook(cls.name, name, expect) for name, expect in cls.expectations.items()]


def read_webhook(provider: str, name: str, expect: dict[str, object]) -> Webhook:
    (body,) = (path for path in (HERE / "wire" / provider).glob(f"{name}.*") if path.suffix != ".headers")
    request, *lines = body.with_suffix(".headers").read_text().splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Webhook(body.read_bytes(), headers, request.split()[1], f"{provider}-{name}", expect)


def all_cases() -> list[type[Case]]:
    names = sorted(path.stem for path in HERE.glob("case_*.py"))
    return [import_module(f"tests.channels.{name}").CASE for name in names]
