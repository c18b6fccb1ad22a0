"""How each dataclass of a run or an event is written as JSON and read back: made once per type from its annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from flows.events import Facts
from flows.said import Said
from flows.values import Erased, Value, from_json, to_json
from storage.privacy import ERASED, PRIVATE, Opened, Owners, Taking

Encode = Callable[[Any, Taking], Any]
Decode = Callable[[Any, Opened], Any]
Coder = tuple[Encode, Decode]


def _make(kind: Any) -> Coder:
    """How dataclass `kind` is written and read. An attribute that has its default is not written, and takes it when read. A calendar is never
    written: reading puts back the one that is being decoded with."""
    hints = get_type_hints(kind, localns={"Calendar": object})
    names = [f.name for f in fields(kind) if (kind, f.name) != (Facts, "calendar")]
    coders = {name: _of(hints[name]) for name in names}
    usual = {f.name: f.default_factory() if f.default_factory is not MISSING else f.default for f in fields(kind)}
    writers = [(name, _sealing(coders[name][0], PRIVATE.get((kind, name))), usual[name]) for name in names]
    readers = {name: _unsealing(coders[name][1], (kind, name) in PRIVATE) for name in names}

    def encode(of: Any, taking: Taking) -> dict[str, Any]:
        found = ((name, write, getattr(of, name), default) for name, write, default in writers)
        return {name: write(of, value, taking) for name, write, value, default in found if value != default}

    def decode(raw: Any, opened: Opened) -> Any:
        return kind(**{name: readers[name](part, opened) for name, part in raw.items()})

    def decode_facts(raw: Any, opened: Opened) -> Any:
        return kind(calendar=opened.calendar, **{name: readers[name](part, opened) for name, part in raw.items()})

    return encode, decode_facts if kind is Facts else decode


coder: Callable[[Any], Coder] = cache(_make)


def _sealing(encode: Encode, owners: Owners | None) -> Callable[[Any, Any, Taking], Any]:
    if owners is None:
        return lambda of, value, taking: encode(value, taking)

    def write(of: Any, value: Any, taking: Taking) -> Any:
        return value if value in ("", ERASED) else taking.take(encode(value, taking), owners(of, taking))

    return write


def _unsealing(decode: Decode, private: bool) -> Decode:
    if not private or decode is _value_out:
        return decode
    return lambda raw, opened: ERASED if (text := opened.put(raw)) is None else decode(text, opened)


def _of(hint: Any) -> Coder:
    """The coder of one annotation. Raises TypeError on a shape that no run or event has had so far."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint == Value:
        return _value_in, _value_out
    if origin is tuple:
        return _tuple_of(*_of(arguments[0]))
    if origin is Mapping:
        return _values() if arguments[1] == Value else _mapping_of(*_of(arguments[1]))
    if type(None) in arguments:
        return _optional(*_of(arguments[0]))
    if hint is datetime:
        return _time_in, _time_out
    if hint is Decimal:
        return lambda value, _: str(value), lambda raw, _: Decimal(raw)
    if is_dataclass(hint):
        return coder(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value, _: value.value, lambda raw, _: hint(raw)
    if hint is str:
        return _text_in, _text_out
    if set(arguments or (hint,)) <= {str, int, bool}:
        return _same, _same
    raise TypeError(f"nothing stored so far has the shape {hint}")


def _same(value: Any, _: Any) -> Any:
    return value


def _text_in(value: str, _: Any) -> Any:
    return value.stored() if type(value) is Said else value


def _text_out(raw: Any, _: Any) -> str:
    return raw if type(raw) is str else Said.read(raw)


def _time_in(value: datetime, _: Taking) -> str:
    if value.tzinfo is None:
        raise ValueError("a stored time must be aware")
    return value.astimezone(UTC).isoformat()


def _time_out(raw: str, _: Opened) -> datetime:
    return datetime.fromisoformat(raw)


def _value_in(value: Value, _: Taking) -> Any:
    if type(value) is int and not -(2**63) <= value < 2**63:
        return {"whole": str(value)}  # JSON readers keep whole numbers of 64 bits only
    return to_json(value)


def _value_out(raw: Any, opened: Opened) -> Value:
    if type(raw) is dict:
        if "sealed" in raw and (raw := opened.put(raw)) is None:
            return Erased()
        if type(raw) is dict and "whole" in raw:
            return int(raw["whole"])
    return from_json(raw)


def _optional(encode: Encode, decode: Decode) -> Coder:
    return (
        lambda value, taking: None if value is None else encode(value, taking),
        lambda raw, opened: None if raw is None else decode(raw, opened),
    )


def _tuple_of(encode: Encode, decode: Decode) -> Coder:
    return (
        lambda value, taking: [encode(part, taking) for part in value],
        lambda raw, opened: tuple([decode(part, opened) for part in raw]),
    )


def _mapping_of(encode: Encode, decode: Decode) -> Coder:
    return (
        lambda value, taking: {name: encode(part, taking) for name, part in value.items()},
        lambda raw, opened: {name: decode(part, opened) for name, part in raw.items()},
    )


def _values() -> Coder:
    """Field values by name: each personal one is sealed under its field's subject."""

    def encode(values: Mapping[str, Value], taking: Taking) -> dict[str, Any]:
        return {name: taking.take(_value_in(value, taking), taking.field(name, value)) for name, value in values.items()}

    return encode, _mapping_of(_value_in, _value_out)[1]
