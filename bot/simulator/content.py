"""Twilio's Content templates: what the fake API keeps, checks and fills in.

Limits: Twilio's quick-reply and list-picker pages. An unapproved quick reply may be sent inside the 24 hours with 3 buttons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from bot.simulator.store import Choice, Frozen

_VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
BODY, LABEL, ITEM, DESCRIPTION, TOKEN = 1024, 20, 24, 72, 200


class InvalidContent(Exception):
    """The content breaks a limit; the text names it."""


class Rendered(Frozen):
    """A template with its variables filled in."""

    body: str = ""
    choices: tuple[Choice, ...] = ()
    list_label: str = ""
    media: tuple[str, ...] = ()


class Content(Frozen):
    """A template. `types` as given to Twilio: one of text, media, quick-reply, list-picker. `approved`: may open a window."""

    sid: str
    friendly_name: str = ""
    language: str = "en"
    variables: dict[str, str] = Field(default_factory=dict)
    types: dict[str, Any]
    approved: bool = False
    created: str = ""

    @property
    def kind(self) -> str:
        return next(iter(self.types), "")

    def render(self, given: Mapping[str, str]) -> Rendered:
        """Fill in the variables (samples stand in for missing ones), then hold WhatsApp's limits. Raises InvalidContent."""
        values = {**self.variables, **given}
        return _shape(self.kind, _fill(self.types[self.kind], values), self.approved)

    def check(self) -> None:
        """What Twilio refuses when a template is made. Variables may still be longer. Raises InvalidContent."""
        if self.kind not in _KNOWN or len(self.types) != 1:
            raise InvalidContent(f"types must hold exactly one of {', '.join(_KNOWN)}")
        _shape(self.kind, _fill(self.types[self.kind], _Blank()), approved=True)


_KNOWN = ("twilio/text", "twilio/media", "twilio/quick-reply", "twilio/list-picker")


class _Blank(dict[str, str]):
    """Stands for every variable while only the fixed text is measured."""

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> str:
        return "x"


def _fill(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        return _VARIABLE.sub(lambda found: str(values[found[1]]) if found[1] in values else found[0], part)
    if isinstance(part, list):
        return [_fill(item, values) for item in part]
    if isinstance(part, dict):
        return {key: _fill(item, values) for key, item in part.items()}
    return part


def _shape(kind: str, part: Mapping[str, Any], approved: bool) -> Rendered:
    body = str(part.get("body") or "")
    _hold(len(body) <= BODY, f"body is longer than {BODY} characters")
    if kind == "twilio/text":
        _hold(bool(body.strip()), "body is empty")
        return Rendered(body=body)
    if kind == "twilio/media":
        return Rendered(body=body, media=tuple(part.get("media") or ()))
    _hold(bool(body.strip()), "body is empty")
    if kind == "twilio/quick-reply":
        return Rendered(body=body, choices=_actions(part.get("actions") or [], 10 if approved else 3))
    label = str(part.get("button") or "")
    _hold(0 < len(label) <= LABEL, f"the list's button must have 1 to {LABEL} characters")
    return Rendered(body=body, choices=_items(part.get("items") or []), list_label=label)


def _actions(actions: list[dict[str, Any]], most: int) -> tuple[Choice, ...]:
    _hold(1 <= len(actions) <= most, f"a quick reply has 1 to {most} buttons")
    return tuple(_choice(action, "title", LABEL) for action in actions)


def _items(items: list[dict[str, Any]]) -> tuple[Choice, ...]:
    _hold(1 <= len(items) <= 10, "a list has 1 to 10 items")
    for item in items:
        _hold(0 < len(str(item.get("description") or "")) <= DESCRIPTION, f"a description has 1 to {DESCRIPTION} characters")
    return tuple(_choice(item, "item", ITEM) for item in items)


def _choice(raw: Mapping[str, Any], label: str, longest: int) -> Choice:
    title, token = str(raw.get(label) or ""), str(raw.get("id") or "")
    _hold(0 < len(title) <= longest, f"a label has 1 to {longest} characters")
    _hold(0 < len(token) <= TOKEN, f"an id has 1 to {TOKEN} characters")
    return Choice(label=title, token=token, description=str(raw.get("description") or ""))


def _hold(kept: bool, problem: str) -> None:
    if not kept:
        raise InvalidContent(problem)
