"""The strict reading of a transcript: everything that is wrong in it, with line, column and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holidays import country_holidays

from bot.people import PIN
from bot.rehearsal.script import Player, Script
from bot.rehearsal.turns import moment, turn
from flows.model import Flow
from flows.reading.leaves import matching, name, text
from flows.reading.nodes import Node, Place, Wrong, parse_yaml
from flows.reading.source import Keys, Problem, Source, did_you_mean, each, entries, some

_ROLE_HINT = "Write one of the flow's roles: {roles}."
_START = datetime(2026, 3, 2, 10)  # noqa: DTZ001 - a wall time, read in the script's zone


def read_transcript(path: Path, flow: Flow, others: Sequence[Flow] = ()) -> tuple[Script | None, list[Problem]]:
    """The script in the file at `path`, checked against `flow` and the `others` that it starts, or None with every problem, in the
    file's order. Raises OSError where the file cannot be read."""
    return read_text(path.read_bytes().decode("utf-8", errors="replace"), str(path), flow, others)


def read_text(content: str, file: str, flow: Flow, others: Sequence[Flow] = ()) -> tuple[Script | None, list[Problem]]:
    """The same for content in hand; `file` is the name to report."""
    source, script = Source(file), None
    try:
        if not content.strip():
            raise Wrong(Place(1, 1), "The file is empty.", "Start with `about:` and one sentence on what this transcript shows.")
        script = _script(source, Keys(source, parse_yaml(content), "a transcript"), (flow, *others))
    except Wrong as wrong:
        source.add(wrong.place, wrong.problem, wrong.hint)
    problems = sorted(set(source.problems), key=lambda problem: (problem.place, problem.problem))
    return (None if problems else script), problems


def _script(source: Source, keys: Keys, flows: Sequence[Flow]) -> Script:
    about = keys.need("about", text, "")
    at = keys.need("at", _start, _START)
    zone = keys.may("zone", _zone, "Asia/Kolkata")
    country = keys.may("country", _country, "IN")
    undo = keys.may("undo", _undo, 0)
    roles = frozenset(role for flow in flows for role in flow.roles)
    people = keys.need("people", lambda source, node: _people(source, node, roles), dict[str, Player]())
    turns = keys.need("turns", some(lambda source, node: turn(source, node, people, flows)), ())
    keys.close()
    return Script(source.file, about, at, zone, country, people, turns, undo)


def _start(source: Source, node: Node) -> datetime:
    day, at = moment(node)
    if day is None:
        raise Wrong(node.place, "The beginning needs a date.", 'Write it like `at: "2026-03-02 10:00"`.')
    return datetime.combine(day, at)


def _zone(source: Source, node: Node) -> str:
    said = text(source, node)
    try:
        return ZoneInfo(said).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Wrong(node.place, f"`{said}` is not a time zone.", "Write one such as `Asia/Kolkata`.") from error


def _undo(source: Source, node: Node) -> int:
    return int(matching(r"\d{1,3}s", "so many seconds", "10s")(source, node)[:-1])


def _country(source: Source, node: Node) -> str:
    code = matching("[A-Z]{2}", "a country code", "IN")(source, node)
    try:
        country_holidays(code)
    except NotImplementedError as error:
        raise Wrong(
            node.place, f"The public holidays of `{code}` are not known.", "Write a country code such as `IN`."
        ) from error
    return code


def _people(source: Source, node: Node, roles: frozenset[str]) -> dict[str, Player]:
    found: dict[str, Player] = {}
    for key, value in entries(node, "people"):
        try:
            who = name(key)
            source.define("person", who)
            found[who.value] = _person(source, who.value, value, roles)
        except Wrong as wrong:
            source.add(wrong.place, wrong.problem, wrong.hint)
    return found


def _person(source: Source, key: str, node: Node, known: frozenset[str]) -> Player:
    keys = Keys(source, node, "a person")
    called = keys.may("name", text, key.replace("_", " ").title())
    language = keys.may("language", matching("[a-z]{2,3}", "a language code", "hi"), "en")
    roles = keys.may("roles", each(lambda source, node: _role(node, known)), ())
    address = keys.may("address", _address, "")
    pin = keys.may("pin", matching(PIN.pattern, "a PIN of 4 to 8 digits", "4711"), "")
    keys.close()
    if address and (roles or "language" in keys):
        source.add(
            keys.place_of("address"),
            f"`{key}` has an address, so is an outside party, whom the flow gives no role and the run tells no language.",
            "Leave out `address` for people of the business; `roles` and `language` for an outside party.",
        )
    return Player(key, called, language, roles, address, pin)


def _role(node: Node, roles: Iterable[str]) -> str:
    role, known = name(node).value, {*roles, "manager"}
    if role in known:
        return role
    hint = did_you_mean(role, known, _ROLE_HINT.format(roles=", ".join(sorted(known))))
    raise Wrong(node.place, f"The flow has no role `{role}`.", hint)


def _address(source: Source, node: Node) -> str:
    said = text(source, node)
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+\d{8,15}", said):
        return said.lower()
    hint = "Write the address that the requester gives in this transcript: sales@example.net, or a phone as +919800000001."
    raise Wrong(node.place, f"`{said}` is neither an e-mail address nor a phone number.", hint)
