"""Item lines, one per row or with `;` between: `10 pcs chair @ 2500 +18%`, `10 x chair at 2500`, `chair, 10 pcs, 2500, 18%`."""

from __future__ import annotations

import re
from decimal import Decimal

from flows.errors import InvalidValue
from flows.parse.amounts import parse_money, read_number
from flows.said import sentence
from flows.values import Line

MOST_LINES = 50
LONGEST_ITEM = 200
LONGEST_ROW = 300
NO_UNIT = "pcs"
# fmt: off
_UNITS = frozenset("""
    pcs pc piece pieces no nos unit units set sets pair pairs dozen box boxes bag bags pack packs packet packets carton
    cartons roll rolls ream reams bundle bundles bottle bottles can cans drum drums sheet sheets kg kgs g gm gms gram
    grams ton tons tonne tonnes mt quintal l ltr ltrs litre litres liter liters m mtr mtrs metre metres meter meters km
    ft feet sqft sqm cum hr hrs hour hours day days week weeks month months trip trips job lot lots
""".split())  # noqa: SIM905
# fmt: on
_SIZES = frozenset(("mm", "cm", "inch", "inches", "ml", "mg", "watt", "w", "v"))  # of a thing, rather than how much of it
_TIMES = ("x", "×", "*")
_QUANTITY = r"\d[\d,]*(?:\.\d+)?"
_AT = re.compile(
    rf"(?P<quantity>{_QUANTITY})(?P<rest>\s*\S.*?)\s*(?:@|\bat\b)\s*(?P<rate>[^@+]+?)\s*(?:\+?\s*(?P<tax>\d[\d.]*)\s*%\s*(?:gst|tax|vat)?)?",
    re.IGNORECASE,
)
_FORM = sentence("10 pcs office chair @ 2500 +18%")
_WITH_COMMAS = sentence("office chair, 10 pcs, 2500, 18%")
_LIKE_THIS = sentence("Write it like this: {form}", form=_FORM)


def parse_lines(text: str, currency: str) -> tuple[Line, ...]:
    """At least one line; rates are in `currency`, tax is 0 where none is given. Raises InvalidValue naming the row."""
    rows = [" ".join(row.split()) for row in re.split(r"[\n;]", text)]
    rows = [row for row in rows if row]
    if not rows:
        raise InvalidValue(sentence("There are no items in this."), sentence("Write one per line: {form}", form=_FORM))
    if len(rows) > MOST_LINES:
        many = sentence("These are {count} items; {most} fit into one answer.", count=len(rows), most=MOST_LINES)
        raise InvalidValue(many, sentence("Please make several requests."))
    return tuple(_row(number, row, currency) for number, row in enumerate(rows, 1))


def _row(number: int, row: str, currency: str) -> Line:
    try:
        if len(row) > LONGEST_ROW:
            long = sentence("It is longer than {most} characters.", most=LONGEST_ROW)
            raise InvalidValue(long, sentence("Write it short: {form}", form=_FORM))
        return _line(row, currency)
    except InvalidValue as error:
        which = sentence("Row {number} (“{row}”): {problem}", number=number, row=row[:60], problem=error.problem)
        raise InvalidValue(which, error.hint) from None


def _line(row: str, currency: str) -> Line:
    if found := _AT.fullmatch(row):
        unit, item = _unit(found["rest"])
        return _checked(item, found["quantity"], unit, found["rate"], found["tax"] or "0", currency)
    parts = _parts(row)
    if parts is None:
        raise InvalidValue(sentence("I cannot find the quantity, the item and the rate."), _LIKE_THIS)
    item, amount, rate, tax = parts
    quantity = re.match(_QUANTITY, amount)
    if not quantity:
        raise InvalidValue(
            sentence("I cannot find the quantity."),
            sentence("Write it like this: {form}", form=_WITH_COMMAS),
        )
    unit = amount[quantity.end() :].strip().casefold() or NO_UNIT
    if unit not in _UNITS:
        unknown = sentence("I do not know the unit “{unit}”.", unit=unit)
        raise InvalidValue(unknown, sentence("Write a unit such as pcs, kg or box: {form}", form=_FORM))
    return _checked(item, quantity[0], unit, rate, tax.removeprefix("+").removesuffix("%").strip(), currency)


def _parts(row: str) -> tuple[str, str, str, str] | None:
    """Item, amount, rate and tax of the form with commas; a comma inside a number has no space after it."""
    for parts in (re.split(r"\s*,\s+", row), re.split(r"\s*,\s*", row)):
        if len(parts) in (3, 4):
            item, amount, rate = parts[:3]
            return item, amount, rate, parts[3] if len(parts) == 4 else "0"
    return None


def _unit(rest: str) -> tuple[str, str]:
    """The unit and the item of ` pcs office chair`, `x chair` or ` chair`. What touches the quantity must be a unit:
    `2x4 wood` and `20 mm bolts` are things, and how many of them is not said."""
    first, _, others = rest.strip().partition(" ")
    unit = first.casefold()
    if others and unit in _UNITS:
        return unit, others.removeprefix("of ").strip()
    if others and unit in _TIMES:
        return NO_UNIT, others
    if unit in _SIZES or not rest.startswith(" "):
        first = sentence("Write the quantity and its unit first: {form}", form=_FORM)
        raise InvalidValue(sentence("I am not sure which number is the quantity."), first)
    return NO_UNIT, rest.strip()


def _checked(item: str, quantity: str, unit: str, rate: str, tax: str, currency: str) -> Line:
    count, percent = read_number(quantity), read_number(tax)
    if not item or len(item) > LONGEST_ITEM:
        raise InvalidValue(sentence("The item needs a name of 1 to {most} characters.", most=LONGEST_ITEM), _LIKE_THIS)
    if count is None or not 0 < count <= 10_000_000 or count != round(count, 3):
        raise InvalidValue(sentence("I cannot read the quantity."), sentence("Write a number above 0, such as 10 or 2.5."))
    if percent is None or not 0 <= percent <= 100 or percent != round(percent, 2):
        raise InvalidValue(sentence("I cannot read the tax."), sentence("Write it in percent, such as +18%."))
    return Line(item, _plain(count), unit, parse_money(rate, currency).amount, _plain(percent))


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros and exponent, so that 10 and 10.0 are stored alike."""
    return number.to_integral_value() if number == number.to_integral_value() else number.normalize()
