"""People from a file: `people.yaml` or `people.csv`, read whole before anything is stored."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from storage import Database, Unit

CHANNELS = ("whatsapp", "telegram", "email")
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


class PeopleError(Exception):
    """A people file is wrong: one line per problem, with where and what to write instead. Nothing was stored."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a file. `addresses` are (channel, address in our form)."""

    name: str
    language: str = "en"
    zone: str = ""
    roles: tuple[str, ...] = ()
    addresses: tuple[tuple[str, str], ...] = field(default=())


def read(path: Path, region: str = "IN") -> list[Person]:
    """The people of a .yaml (list of name, language, zone, roles, addresses) or .csv file (columns name, language, zone, roles
    separated by `;`, whatsapp, telegram, email). Raises PeopleError with all problems."""
    if not path.is_file():
        raise PeopleError(f"{path}: there is no such file")
    try:
        rows = _csv_rows(path) if path.suffix.lower() == ".csv" else _yaml_rows(path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PeopleError(f"{path}: this is not text in UTF-8; save it again as “CSV UTF-8” or YAML") from error
    people, problems = [], []
    for where, row in rows:
        try:
            people.append(person(row, region))
        except ValueError as error:
            problems.append(f"{path}:{where}: {error}")
    taken: dict[tuple[str, str], str] = {}
    for one in people:
        for address in one.addresses:
            if address in taken:
                problems.append(f"{path}: {address[0]} {address[1]} stands at both {taken[address]} and {one.name}; keep one")
            taken[address] = one.name
    if problems:
        raise PeopleError("\n".join(problems))
    return people


def person(row: dict[str, Any], region: str = "IN") -> Person:
    """One checked person. Raises ValueError with what to write instead."""
    name = str(row.get("name") or "").strip()
    if not name:
        raise ValueError("a name is missing; write `name: ...`")
    zone = str(row.get("zone") or "").strip()
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone} is not a time zone; write one such as Asia/Kolkata") from error
    roles = row.get("roles") or ()
    if not isinstance(roles, str | list | tuple):
        raise ValueError(f"{name}: write the roles as a list: `roles: [store, finance]`")
    named = re.split(r"[;,]", roles) if isinstance(roles, str) else [str(role) for role in roles]
    given = row.get("addresses") or {}
    if not isinstance(given, dict):
        raise ValueError(f"{name}: write each address with its channel: `addresses: {{email: name@example.com}}`")
    addresses = tuple((channel, address(channel, str(given[channel]), region)) for channel in CHANNELS if given.get(channel))
    unknown = sorted(set(given) - set(CHANNELS))
    if unknown:
        raise ValueError(f"{unknown[0]} is not a channel; write one of {', '.join(CHANNELS)}")
    if not addresses:
        raise ValueError(f"{name} has no address; give one of {', '.join(CHANNELS)}")
    return Person(name, str(row.get("language") or "en"), zone, tuple(r.strip() for r in named if r.strip()), addresses)


def address(channel: str, value: str, region: str = "IN") -> str:
    """An address in the form its channel uses: +E.164, a Telegram user id, a mail address in lower case. Raises ValueError."""
    value = value.strip()
    if channel == "email":
        if not _MAIL.match(value):
            raise ValueError(f"{value} is not a mail address")
        return value.lower()
    if channel == "telegram":
        if not value.isdigit():
            raise ValueError(
                f"{value} is not a Telegram user id; it is a number, which the person sees by writing to @userinfobot"
            )
        return value
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"{value} is not a phone number; write it as +919812345678") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{value} is not a possible phone number; write it as +919812345678")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def warnings(people: Iterable[Person], approving: frozenset[str]) -> list[str]:
    """What will not work as the list stands: somebody in a role that approves whom only mail reaches (a mail never approves)."""
    return [
        f"{one.name} can only be reached by mail, and a mail never approves: give a WhatsApp number or a Telegram id"
        for one in people
        if approving & set(one.roles) and all(channel == "email" for channel, _ in one.addresses)
    ]


def store(database: Database, people: Iterable[Person], now: datetime) -> tuple[int, int]:
    """Add new people and update those whose first address is known (name, roles, language, further addresses), all in one commit.
    Returns (added, updated). Raises storage.AddressTaken where an address belongs to somebody else; then nothing changed."""
    wanted = list(people)

    def work(unit: Unit) -> tuple[int, int]:
        added = sum(_store(unit, one, now) for one in wanted)
        return added, len(wanted) - added

    return database.write("people.import", work).result()


def _store(unit: Unit, one: Person, now: datetime) -> bool:
    known = next((a for channel, value in one.addresses if (a := unit.people.by_address(channel, value)) is not None), None)
    if known is None:
        unit.people.add(one.name, one.language, one.zone, one.roles, one.addresses, now=now)
        return True
    unit.people.rename(known.contact_id, one.name)
    unit.conversations.language(known.contact_id, one.language)
    unit.people.set_roles(known.contact_id, one.roles)
    for channel, value in one.addresses:
        unit.people.link(known.contact_id, channel, value, now)
    return False


PIN = re.compile(r"\d{4,8}", re.ASCII)


def set_pin(database: Database, name: str, pin: str) -> None:
    """Give the one person of this name a PIN (4 to 8 digits) that proves their decisions. Raises PeopleError."""
    if not PIN.fullmatch(pin):
        raise PeopleError("a PIN is 4 to 8 digits")

    def work(unit: Unit) -> None:
        found = [one for one in unit.people.find(name) if one.name.casefold() == name.strip().casefold()]
        if len(found) != 1:
            raise PeopleError(f"{len(found) or 'no'} people are called {name}; write the whole name, as in the people list")
        unit.proofs.set_pin(found[0].id, pin)

    database.write("people.pin", work).result()


def _yaml_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        loaded = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise PeopleError(f"{path}: this is not YAML: {error}") from error
    if not isinstance(loaded, list) or not all(isinstance(row, dict) for row in loaded):
        raise PeopleError(f"{path}:1: write a list of people, each beginning with `- name: ...`")
    return [(loaded.lc.item(n)[0] + 1, dict(row)) for n, row in enumerate(loaded)]  # type: ignore[attr-defined]


def _csv_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if "name" not in (reader.fieldnames or ()):
            raise PeopleError(f"{path}:1: the first line must name the columns: name,language,zone,roles,whatsapp,telegram,email")
        return [(reader.line_num, {**row, "addresses": {c: row[c] for c in CHANNELS if row.get(c)}}) for row in reader]
