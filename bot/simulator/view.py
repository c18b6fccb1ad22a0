"""How messages and the clock look on the page: times in the business's zone, text with links and WhatsApp's bold."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template
from markupsafe import Markup, escape

from bot.simulator.store import Bubble
from bot.simulator.world import World

_LINK = re.compile(r"https?://[^\s<>&\"']+[^\s<>&\"'.,;:!?)]")
_BOLD = re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)")
_ITALIC = re.compile(r"(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)")


@dataclass(frozen=True, slots=True)
class View:
    """One world as a person sees it."""

    world: World

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.world.settings.baton_zone)

    def bubble(self, bubble: Bubble) -> dict[str, Any]:
        """A message for the page and the API: its facts, and `html`, the list item that shows it."""
        when = bubble.at.astimezone(self.zone)
        facts = {
            "id": bubble.id,
            "phone": bubble.phone,
            "author": bubble.author,
            "text": bubble.text,
            "subject": bubble.subject,
            "state": bubble.state,
            "error": bubble.error,
            "problem": bubble.problem,
            "quote": bubble.quote,
            "choices": [choice.label for choice in bubble.choices],
            "files": [{"name": file.name, "type": file.type, "size": file.size} for file in bubble.files],
            "waiting": bool(bubble.waiting),
            "day": f"{when:%A, %-d %B}",
        }
        return facts | {"html": self._html(bubble, when)}

    def _html(self, bubble: Bubble, when: datetime) -> str:
        phone, quoted = self.world.phones[bubble.phone], self._quoted(bubble)
        return render_template(
            "simulator/bubble.html",
            bubble=bubble,
            phone=phone,
            text=rich(bubble.text, phone.channel),
            quoted=quoted,
            quoted_text=rich(_brief(quoted), phone.channel) if quoted else "",
            time=f"{when:%H:%M}",
            day=f"{when:%A, %-d %B}",
        )

    def _quoted(self, bubble: Bubble) -> Bubble | None:
        try:
            return self.world.store.bubble(bubble.quote) if bubble.quote else None
        except KeyError:
            return None

    def clock(self, next_due: datetime | None) -> dict[str, str]:
        """The simulator's time in words. `next` is when something is due next, "" where nothing is or nobody can say."""
        now = self.world.clock.now().astimezone(self.zone)
        return {
            "time": f"{now:%H:%M}",
            "day": f"{now:%a %-d %b %Y}",
            "zone": self.zone.key,
            "moved": moved(self.world.clock.offset),
            "next": f"{next_due.astimezone(self.zone):%a %-d %b, %H:%M}" if next_due else "",
        }


def rich(text: str, channel: str) -> Markup:
    """Safe HTML of a message: web addresses as links and, on WhatsApp, *bold* and _italic_."""
    parts, end = [], 0
    for link in _LINK.finditer(text):
        parts += [_styled(text[end : link.start()], channel), _anchor(link[0])]
        end = link.end()
    return Markup("").join([*parts, _styled(text[end:], channel)])


def _brief(bubble: Bubble) -> str:
    return textwrap.shorten(bubble.text, 90, placeholder="…") or " ".join(file.name for file in bubble.files)


def _anchor(url: str) -> Markup:
    return Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(url)


def _styled(text: str, channel: str) -> Markup:
    safe = str(escape(text))
    if channel == "whatsapp":
        safe = _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", safe))
    return Markup(safe)  # noqa: S704 - escaped above; only our own tags were added


def moved(offset: timedelta) -> str:
    """How far the clock is ahead of the machine's: "" or "2 d 4 h ahead"."""
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{rest // 60} min" if rest >= 60 else ""]
    words = " ".join(filter(None, parts))
    return f"{words} ahead" if words else ""
