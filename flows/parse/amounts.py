"""Numbers and amounts of money as people write them: `5,000`, `₹2,00,000.50`, `Rs 500/-`, `50k`, `1.5 lakh`."""

from __future__ import annotations

import re
from decimal import Decimal

from flows.currencies import SIGNS
from flows.errors import InvalidValue
from flows.said import sentence
from flows.values import Money

LARGEST = Decimal(10) ** 13
CENT = Decimal("0.01")
_SCALES = {
    **dict.fromkeys(("k", "thousand", "हज़ार", "हजार"), 1_000),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs", "लाख"), 100_000),
    **dict.fromkeys(("cr", "crore", "crores", "करोड़"), 10_000_000),
    **dict.fromkeys(("million", "mn"), 1_000_000),
}
# Thousands grouped by three (2,000,000) or as in India (20,00,000), or not at all; then decimals after a point.
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)(?:\.\d+)?"
_WORD = r"(?:[^\W\d_]|[\u0900-\u094f])+|[₹$€£¥]|us\$"  # signs of Devanagari vowels are no letters to re
NUMBER = re.compile(rf"-?{_DIGITS}")
_MONEY = re.compile(
    rf"(?P<before>{_WORD})?\s*\.?\s*(?P<digits>{_DIGITS})\s*(?P<words>(?:(?:{_WORD})\.?\s*){{0,2}}?)(?:/[-=])?\s*(?P<only>only)?",
)
_MONEY_HINT = sentence("Write one amount, such as 5000, 2,00,000.50, 50k or 1.5 lakh.")


def read_number(text: str) -> Decimal | None:
    """The number that `text` is, or None."""
    return Decimal(text.replace(",", "")) if NUMBER.fullmatch(text) else None


def parse_number(text: str) -> int | Decimal:
    """A whole number as int, another as Decimal."""
    number = read_number(text)
    if number is None:
        raise InvalidValue(sentence("I cannot read this as a number."), sentence("Write digits only, such as 12 or 1,250.75."))
    if abs(number) > LARGEST or len(number.as_tuple().digits) > 20:
        raise InvalidValue(sentence("This number has too many digits."), sentence("Please check it and write it again."))
    return number if "." in text else int(number)


def parse_money(text: str, currency: str) -> Money:
    """An amount of at most two decimals in `currency`, never negative."""
    said = " ".join(text.casefold().split())
    if re.match(r"\s*(?:[^\W\d_]+\.?\s*|[₹$€£¥]\s*)?[-−–]\s*[\d₹$€£¥]|minus\b", said):
        raise InvalidValue(sentence("An amount cannot be negative."), sentence("Write it without the minus sign."))
    found = _MONEY.fullmatch(said)
    if not found:
        raise InvalidValue(sentence("I cannot read this as one amount of money."), _MONEY_HINT)
    words = [word for word in (found["before"], *re.findall(_WORD, found["words"])) if word]
    scale = _scale([word for word in words if word in _SCALES])
    _check_currency([word for word in words if word not in _SCALES], currency)
    return Money(_amount(found["digits"], scale), currency)


def _scale(words: list[str]) -> int:
    if len(words) > 1:
        raise InvalidValue(sentence("I am not sure how large this amount is."), _MONEY_HINT)
    return _SCALES[words[0]] if words else 1


def _check_currency(words: list[str], currency: str) -> None:
    unknown = [word for word in words if word not in SIGNS]
    if unknown:
        raise InvalidValue(sentence("I do not know “{word}” in an amount.", word=unknown[0]), _MONEY_HINT)
    if len(words) > 1 and not frozenset.intersection(*(SIGNS[word] for word in words)):
        raise InvalidValue(
            sentence("There are two currencies in this amount."), sentence("Write one amount in {currency}.", currency=currency)
        )
    if any(currency not in SIGNS[word] for word in words):
        must = sentence("This amount must be in {currency}.", currency=currency)
        raise InvalidValue(must, sentence("Write it in {currency}, such as 5000.", currency=currency))


def _amount(digits: str, scale: int) -> Decimal:
    whole, _, decimals = digits.replace(",", "").partition(".")
    if scale == 1 and len(decimals) > 2:
        raise InvalidValue(
            sentence("I am not sure what the point in this amount means."), sentence("Write 5000 or 5,000 or 5000.50.")
        )
    if len(whole) + len(decimals) > 20:
        raise InvalidValue(sentence("This amount has too many digits."), sentence("Please check it and write it again."))
    amount = Decimal(f"{whole}.{decimals or 0}") * scale
    if amount > LARGEST:
        raise InvalidValue(sentence("This amount is too large."), sentence("Please check it and write it again."))
    if amount != amount.quantize(CENT):
        raise InvalidValue(
            sentence("This amount has more than two decimals."), sentence("Write it with at most two, such as 5000.50.")
        )
    return amount.quantize(CENT)
