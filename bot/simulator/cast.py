"""Who holds the phones: `people.yaml`, read as one phone per person and channel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROLES_SHOWN = 3
OUTSIDE = "outside the business"
PEOPLE = Path(__file__).parent / "people.yaml"
"""The cast, in the form the product imports its people."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One screen of the simulator. `caption` says what the person does; `address` is the person's own: a number with plus, a
    Telegram user id or a mail address."""

    id: str
    name: str
    caption: str
    channel: str
    address: str
    roles: tuple[str, ...]

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.channel != "email" else self.name

    @property
    def wa_id(self) -> str:
        """The number as WhatsApp writes it: digits only."""
        return self.address.removeprefix("+")


def load_cast(path: Path = PEOPLE) -> tuple[Phone, ...]:
    """The phones in the file's order."""
    people: list[dict[str, Any]] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return tuple(_phone(person, channel, str(address)) for person in people for channel, address in person["addresses"].items())


def _phone(person: dict[str, Any], channel: str, address: str) -> Phone:
    name, roles = person["name"], tuple(person["roles"])
    first = [role.replace("_", " ") for role in roles if role != "committee"]
    caption = ", ".join(first[:ROLES_SHOWN]) + (" and more" if len(first) > ROLES_SHOWN else "") if first else OUTSIDE
    return Phone(f"{name.split()[0].lower()}-{channel}", name, caption, channel, address, roles)
