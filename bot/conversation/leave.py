"""Leave by chat: from when till when, who covers, and up to what. It counts for steps that open from then on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.turn import MANAGER, Turn
from bot.owning import covering
from bot.words import Draft, mistake, translator
from bot.words.owners import covers_no_longer, covers_now, last_day, on_leave
from flows.errors import InvalidValue
from flows.parse.amounts import parse_money
from flows.parse.days import parse_date
from storage import Leave

DAY = timedelta(days=1)
_TILL = r"(?:till|until|to)"
_COVERS = r"(?:will\s+cover|covers|cover)(?:\s+for\s+me)?"
_SAID = re.compile(
    rf"(?:from\s+(?P<start>.+?)\s+)?{_TILL}\s+(?P<end>.+?)\s*[,;:]\s*(?P<cover>[^,;]+?)\s+{_COVERS}"
    r"(?:\s+up\s*to\s+(?P<most>.+?))?[\s.!]*",
    re.IGNORECASE,
)
_SAID_HI = re.compile(
    r"(?:(?P<start>.+?)\s+से\s+)?(?P<end>.+?)\s+तक\s*[,;:]\s*(?P<cover>[^,;]+?)(?:\s+(?P<most>[₹\d].*?)\s+तक)?"
    r"\s+(?:संभाल|सँभाल|देख)(?:ेंगे|ेगा|ेगी|ेंगी)[\s.!।]*"
)


@dataclass(frozen=True, slots=True)
class Cover:
    """`kind` is "person" or "role", `key` the contact id or role, `shown` what people call it."""

    kind: str
    key: str
    shown: str


class Unclear(Exception):
    """The leave cannot be noted: a sentence for the person, in their language."""


def leave(turn: Turn, argument: str, text: str) -> None:
    """`leave till Monday, NAME covers up to 50k`, `leave off`, or `leave` alone, which shows it."""
    t = turn.t
    if turn.inbound.channel == "email":
        turn.reply(t("A mail does not prove who wrote it. Please write this in the chat."))
    elif not turn.sender.contact.roles:
        turn.reply(t("This is for people who hold a role here. Write “mine” to see what is yours."))
    elif argument == "off":
        _off(turn)
    elif not text:
        _show(turn)
    else:
        try:
            _take(turn, text)
        except InvalidValue as error:
            turn.reply(mistake(error, turn.language))
        except Unclear as error:
            turn.reply(str(error))


def _take(turn: Turn, text: str) -> None:
    said = " ".join(text.split())
    found = _SAID.fullmatch(said) or _SAID_HI.fullmatch(said)
    if found is None:
        raise Unclear(_how(turn))
    starts_at, ends_at = _time(turn, found["start"] or "", found["end"])
    most = parse_money(found["most"], turn.transitions.business.currency) if found["most"] else None
    cover = _cover(turn, found["cover"].strip(" “”\"'"))
    noted = Leave(turn.contact_id, starts_at, ends_at, cover.kind, cover.key, most)
    _refuse_circle(turn, noted, cover)
    turn.unit.leave.take(turn.contact_id, starts_at, ends_at, cover.kind, cover.key, most)
    lines = [on_leave(turn.t, noted, cover.shown, turn.zone, turn.language, turn.now)]
    if turn.unit.runs.load_of([turn.contact_id]):
        lines.append(turn.t("What waits for you already stays with you: “mine” shows it, “delegate” hands it over."))
    turn.reply("\n".join([*lines, turn.t("Write “leave off” when you are back.")]))
    _tell(turn, [noted], back=False)


def _off(turn: Turn) -> None:
    ended = turn.unit.leave.off(turn.contact_id, turn.now)
    if not ended:
        turn.reply(turn.t("You are not on leave."))
        return
    turn.reply(turn.t("Welcome back: what opens from now on comes to you. What was given to others stays with them."))
    _tell(turn, ended, back=True)


def _show(turn: Turn) -> None:
    mine = turn.unit.leave.of_contact(turn.contact_id, turn.now)
    now = turn.unit.leave.between(turn.now, turn.now + timedelta.resolution)
    lines = [on_leave(turn.t, one, _shown(turn, one), turn.zone, turn.language, turn.now) for one in mine]
    lines += [
        turn.t("You cover for {name} till {day}.").format(
            name=turn.names()(one.contact_id), day=last_day(one, turn.zone, turn.language)
        )
        for one in now
        if turn.contact_id in covering(turn.unit, one, {})
    ]
    last = turn.t("Write “leave off” when you are back.") if mine else f"{turn.t('You are not on leave.')} {_how(turn)}"
    turn.reply("\n".join([*lines, last]))


def _how(turn: Turn) -> str:
    return turn.t("Write it like “leave till Friday, NAME covers up to 50k”, or “leave from 3 Dec till 9 Dec, NAME covers”.")


def _time(turn: Turn, start: str, end: str) -> tuple[datetime, datetime]:
    """From now, or the beginning of the first day, until the end of the last, in the person's own zone."""
    zone = ZoneInfo(turn.zone)
    today = turn.now.astimezone(zone).date()
    first = parse_date(start, today) if start else today
    last = parse_date(end, max(first, today))
    if last < today:
        raise Unclear(turn.t("That is over already. Please write the last day of your leave."))
    if last < first:
        raise Unclear(turn.t("The last day of your leave is before the first. Please write both again."))
    return (_midnight(first, zone) if first > today else turn.now), _midnight(last + DAY, zone)


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time.min, zone).astimezone(ZoneInfo("UTC"))


# --- who covers -------------------------------------------------------------------------------------------------------


def _cover(turn: Turn, said: str) -> Cover:
    """The one person of this name (the first name will do where it is enough), or the role. Raises Unclear."""
    t, people, wanted = turn.t, turn.unit.people, " ".join(said.split()).casefold()
    titles = _roles(turn)
    named = [one for one in people.find(said) if one.name.casefold() == wanted and not one.suspended]
    if not named and wanted in titles:
        role, shown = titles[wanted]
        if not [one for one in people.holders([role])[role] if one != turn.contact_id]:
            raise Unclear(t("Nobody but you holds the role {role}. Please name somebody else.").format(role=shown))
        return Cover("role", role, shown)
    if not named:
        staff = {one for held in people.holders(sorted({role for role, _ in titles.values()})).values() for one in held}
        contacts = [contact for one in sorted(staff) if (contact := people.contact(one)) is not None]
        named = [contact for contact in contacts if contact.name.casefold().startswith(f"{wanted} ")]
    if len(named) != 1:
        words = t("Several people are called “{name}”.") if named else t("I know nobody called “{name}”, and no such role.")
        raise Unclear(f"{words.format(name=said[:60])} {t('Please write the whole name, as in the people list.')}")
    if named[0].id == turn.contact_id:
        raise Unclear(t("You cannot cover for yourself. Please name somebody else."))
    if not named[0].roles:
        raise Unclear(t("{name} holds no role here, so they cannot cover. Please name somebody else.").format(name=named[0].name))
    return Cover("person", named[0].id, named[0].name)


def _roles(turn: Turn) -> dict[str, tuple[str, str]]:
    """What people may call a role, letter case aside: the role, and its title for this reader."""
    titles: dict[str, tuple[str, str]] = {}
    for role, title in [(role, title) for published in turn.book.startable() for role, title in published.flow.roles.items()]:
        known = (role, title.text(turn.language))
        titles |= dict.fromkeys((role, role.replace("_", " "), *(text.casefold() for text in title.by_language.values())), known)
    return {MANAGER: (MANAGER, turn.t("manager"))} | titles


def _refuse_circle(turn: Turn, noted: Leave, cover: Cover) -> None:
    """Raises Unclear where all who would cover are on leave in that time too and count on one another."""
    away: dict[str, list[Leave]] = defaultdict(list)
    for one in turn.unit.leave.between(noted.starts_at, noted.ends_at):
        away[one.contact_id].append(one)
    asked, seen = [noted], {turn.contact_id}
    while asked:
        found = [one for one in covering(turn.unit, asked.pop(), {}) if one not in seen]
        if any(one not in away for one in found):
            return
        seen.update(found)
        asked += [leave for one in found for leave in away[one]]
    words = turn.t(
        "{cover} is on leave in that time too, and nobody who covers for them would be there. Please name somebody else."
    )
    raise Unclear(words.format(cover=cover.shown))


def _shown(turn: Turn, one: Leave) -> str:
    if one.cover_kind == "person":
        return turn.names()(one.cover)
    return next((shown for role, shown in _roles(turn).values() if role == one.cover), one.cover)


def _tell(turn: Turn, leaves: Iterable[Leave], *, back: bool) -> None:
    """News of each leave to those who cover."""
    for one in leaves:
        for contact_id in covering(turn.unit, one, {}):
            contact = turn.unit.people.contact(contact_id)
            if contact is not None:
                t, zone = translator(contact.language), contact.zone or turn.transitions.business.zone
                told = covers_no_longer(t) if back else covers_now(t, one, zone, contact.language, turn.now)
                text = told.format(name=turn.sender.contact.name)
                turn.transitions.tell(turn.unit, contact_id, Draft(text, topic="leave", klass="notice"), turn.now)
