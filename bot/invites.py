"""A booking as a calendar file (.ics), for channels that carry one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.words import Draft
from bot.words.scene import Scene
from flows import Say, Topic
from flows.model import Schedule
from storage import Unit

CARRIED_BY = ("email",)
"""Channels that take a file of type text/calendar: WhatsApp and Telegram refuse it, or show it as an unknown file."""
TYPE = "text/calendar"
LINE = 75
"""Octets of a line, its break left out (RFC 5545, 3.1)."""


def with_invitation(unit: Unit, draft: Draft, effect: Say, scene: Scene) -> Draft:
    """What tells of a booking, with its calendar file where the reader's channel (that of their last message) carries one."""
    step = scene.flow.step(effect.path) if effect.topic is Topic.BOOKED else None
    if not isinstance(step, Schedule):
        return draft
    address = next((address for address in unit.people.addresses(effect.to) if not address.opted_out), None)
    if address is None or address.channel not in CARRIED_BY:
        return draft
    file = calendar_file(step, scene, datetime.fromisoformat(effect.details["slot"]), effect.attempt)
    document = unit.documents.put(file, TYPE, f"{scene.run.reference}.ics", scene.run.requester, scene.now)
    return replace(draft, attach=(*draft.attach, document.id))


def calendar_file(step: Schedule, scene: Scene, slot: datetime, attempt: int) -> bytes:
    """RFC 5545: one event. The same step keeps its UID, and each attempt counts on, so that a calendar moves what was booked before."""
    place = step.place.text(scene.language).format_map(scene.values) if step.place else ""
    title = f"{step.title.text(scene.language)} ({scene.run.reference})"
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Baton//EN", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"UID:{scene.run.id}-{step.id}@baton", f"SEQUENCE:{attempt - 1}", f"DTSTAMP:{_utc(scene.now)}",
        f"DTSTART:{_utc(slot)}", f"DTEND:{_utc(slot + timedelta(minutes=step.minutes))}", f"SUMMARY:{_text(title)}",
        *([f"LOCATION:{_text(place)}"] if place else []), "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """Escaped (RFC 5545, 3.3.11); a control character has no place in it."""
    for sign, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(sign, escaped)
    return "".join(sign for sign in value if sign >= " ")


def _folded(line: str) -> Iterator[str]:
    """At most 75 octets a line, no character torn apart; what goes on begins with a blank."""
    part = ""
    for sign in line:
        if len((part + sign).encode()) > LINE:
            yield part
            part = " "
        part += sign
    yield part
