"""Runs and events as JSON text and back. Personal parts leave the text: they stand in it sealed, one blob per subject.

    {"v": 1, "run": {...}, "sealed": {"<subject>": "<base64 of the sealed JSON list of its parts>"}}
    {"v": 1, "event": ["decide", {...}], "decided": [["voted", {...}], ...], "sealed": {...}}

Where a part was taken out stands `{"sealed": [subject, index]}`. Once a subject's key is erased its values read as `Erased()`
and its texts as "[erased]"; everything else reads as before, so folding goes on. What is personal: see `storage.privacy`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast, get_args

import orjson

from flows.decided import Decided
from flows.events import Event
from flows.run import Run
from storage.coders import coder
from storage.errors import NewerSchema
from storage.privacy import Opened, Sealer, Taking

if TYPE_CHECKING:
    from flows.calendar import Calendar
    from flows.model import Flow

SCHEMA = 1
NOBODY: Mapping[str, str] = MappingProxyType({})


def _name(kind: type) -> str:
    """`StepOpened` as `step_opened`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


EVENTS: Mapping[str, type[Event]] = MappingProxyType({_name(kind): kind for kind in Event.__subclasses__()})
DECIDED: Mapping[str, type[Decided]] = MappingProxyType({_name(kind): kind for kind in get_args(Decided)})
_NAMES: Mapping[type, str] = MappingProxyType({kind: name for names in (EVENTS, DECIDED) for name, kind in names.items()})


def subjects_of(flow: Flow, run: Run) -> dict[str, str]:
    """Each personal field of `flow` to the contact whose key seals its value: the party that the field names where it is bound
    to a contact, else the requester."""
    return {f.name: run.participants.get(f.personal, run.requester) for f in flow.fields.values() if f.personal}


def encode_run(run: Run, keys: Sealer, subjects: Mapping[str, str] = NOBODY) -> str:
    """The snapshot's text. `subjects` maps each personal field to the contact whose key seals it."""
    taking = Taking(run.requester, subjects)
    return _dump({"v": SCHEMA, "run": coder(Run)[0](run, taking)}, taking, keys)


def decode_run(text: str | bytes, keys: Sealer) -> Run:
    """The run behind `encode_run`'s text. Raises NewerSchema where a later Baton wrote it."""
    raw = _load(text)
    return cast(Run, coder(Run)[1](raw["run"], Opened.of(raw["sealed"], keys)))


def encode_event(
    event: Event, decided: tuple[Decided, ...], keys: Sealer, requester: str, subjects: Mapping[str, str] = NOBODY
) -> str:
    """The text of an event and what was decided on it. Facts are kept, but for the calendar, which its digest names."""
    taking = Taking(requester, subjects)
    body = {"v": SCHEMA, "event": _named(event, taking), "decided": [_named(fact, taking) for fact in decided]}
    return _dump(body, taking, keys)


def decode_event(text: str | bytes, keys: Sealer, calendar: Calendar) -> Event:
    """The event of `encode_event`'s text; `calendar` (the one that its digest names) is put back into its facts."""
    raw = _load(text)
    kind, body = raw["event"]
    return cast(Event, coder(EVENTS[kind])[1](body, Opened.of(raw["sealed"], keys, calendar)))


def decode_decided(text: str | bytes, keys: Sealer) -> tuple[Decided, ...]:
    """What was decided, ready to be folded."""
    return read_event(text, keys)[0]


def read_event(text: str | bytes, keys: Sealer) -> tuple[tuple[Decided, ...], dict[str, Any]]:
    """What was decided, and the facts it was decided on as plain JSON for people to read (they hold ids and numbers only)."""
    raw = _load(text)
    opened = Opened.of(raw["sealed"], keys)
    decided = tuple(cast(Decided, coder(DECIDED[kind])[1](body, opened)) for kind, body in raw["decided"])
    return decided, raw["event"][1]["facts"]


def kind_of(event: Event) -> str:
    """The name under which an event of this kind is stored."""
    return _NAMES[type(event)]


def _dump(body: dict[str, Any], taking: Taking, keys: Sealer) -> str:
    body["sealed"] = taking.seal(keys)
    return orjson.dumps(body).decode()


def _load(text: str | bytes) -> dict[str, Any]:
    raw: dict[str, Any] = orjson.loads(text)
    if raw["v"] > SCHEMA:
        raise NewerSchema(f"stored by a newer Baton (schema {raw['v']}; this one reads up to {SCHEMA}): upgrade Baton")
    return raw


def _named(fact: Event | Decided, taking: Taking) -> list[Any]:
    name = _NAMES[type(fact)]
    return [name, coder(type(fact))[0](fact, taking)]
