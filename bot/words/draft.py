"""A message before it has an address: text, what can be tapped, and the documents that go along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Tap:
    """A button to be: `label` is shown; the rest becomes the row behind its single-use token."""

    label: str
    purpose: str
    choice: str = ""
    run_id: str = ""
    path: str = ""
    attempt: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """`topic` and `path`/`attempt` say what it is about (an answer that quotes it is about the same). `klass` is how it may be
    sent again: "prompt" and "outcome" never blindly, "reminder" and "notice" safely. `chat_only`: a mail cannot answer it."""

    text: str
    topic: str = "reply"
    klass: str = "reply"
    taps: tuple[Tap, ...] = ()
    attach: tuple[str, ...] = ()
    run_id: str = ""
    path: str = ""
    attempt: int = 0
    subject: str = ""
    chat_only: bool = False

    @property
    def by_mail(self) -> str:
        """How its buttons are answered by mail: "reply" with a word or number, in the "chat" only, or "words" of the text itself."""
        if self.chat_only:
            return "chat"
        return "reply" if any(tap.purpose in ("answer", "decide", "book") for tap in self.taps) else "words"

    def thread(self) -> Tap:
        """What an answer to this message is about, whatever it says."""
        return Tap("", "thread", run_id=self.run_id, path=self.path, attempt=self.attempt)


def merged(drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """Neighbouring drafts to one person in one message, since each chat bubble counts against the provider's pair rate. A draft
    with buttons ends its message: buttons belong to the text right above them."""
    out: list[Draft] = []
    for draft in drafts:
        last = out[-1] if out else None
        if last is not None and not last.taps and last.run_id == draft.run_id and not last.attach:
            out[-1] = replace(draft, text=f"{last.text}\n\n{draft.text}", subject=last.subject)
        else:
            out.append(draft)
    return tuple(out)
