"""How a flow file names people: roles, parties, one of a role, a person, whoever a field names."""

from __future__ import annotations

from datetime import date

from flows.errors import InvalidValue
from flows.model import Field, FieldType, Wording
from flows.parse import parse
from flows.reading.leaves import name, scalar
from flows.reading.nodes import Node, Text, Wrong
from flows.reading.source import Source

ONE_OF_A_ROLE = {"pool": "pool:", "in_turn": "turn:", "least_busy": "least:"}
"""The words that choose among the holders of a role, and what the model calls them."""
WORDS = (*ONE_OF_A_ROLE, "person", "field")
_HINT = (
    "Write a role, `requester`, a participant, `pool store`, `in_turn store`, `least_busy store`, `person asha@example.net` or "
    "`field engineer_phone`."
)
_BLANK = Wording({"en": ""})


def owner_of(source: Source, node: Node) -> str:
    """An owner word, as the model calls it."""
    word = scalar(node)
    first, *rest = word.value.split()
    if not rest:
        return _somebody(source, word)
    if first not in WORDS or len(rest) > 1:
        raise Wrong(word.place, f"`{word.value}` does not say who.", _HINT)
    of = Text(rest[0], word.place)
    match first:
        case "person":
            return f"person:{_address(of)}"
        case "field":
            return f"field:{source.use('address', name(of))}"
    return f"{ONE_OF_A_ROLE[first]}{source.use('role', name(of))}"


def _somebody(source: Source, word: Text) -> str:
    source.use("owner", name(word))
    # Roles and participants are defined above the steps, so which of the two it is is already known.
    return f"participant:{word.value}" if word.value in source.names("participant") else word.value


def _address(word: Text) -> str:
    """A mail address or a phone number in the one form in which people's addresses are kept."""
    type = FieldType.EMAIL if "@" in word.value else FieldType.PHONE
    if type is FieldType.PHONE and not word.value.startswith("+"):
        raise Wrong(
            word.place, f"`{word.value}` is not an address.", "Write `person asha@example.net` or `person +919800000001`."
        )
    try:
        return str(parse(Field("address", type, _BLANK, _BLANK), word.value, date.min))
    except InvalidValue as error:
        raise Wrong(word.place, f"`{word.value}` is not an address. {error.problem}", error.hint) from error
