"""One answer to one field: `parse`, and the readers of words, choices and addresses."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import phonenumbers

from flows.errors import InvalidValue
from flows.model import Field, FieldType
from flows.parse.amounts import parse_money, parse_number
from flows.parse.days import parse_date
from flows.parse.lines import parse_lines
from flows.said import sentence
from flows.values import Value

MAX_TEXT = 2000
MAX_LINES_TEXT = 10_000
_YES = frozenset(("yes", "y", "yeah", "yep", "ok", "1", "हाँ", "हां", "haan", "han", "ha", "जी", "जी हाँ", "ji", "👍"))
_NO = frozenset(("no", "n", "nope", "2", "नहीं", "नही", "nahi", "nahin", "na", "ना", "👎"))
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_PHONE = re.compile(r"\+?[\d\s().-]{5,25}")
_GSTIN = re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]")
# Marks of writing direction, zero-width space and byte order mark: unseen, and they would make 5000 unreadable.
_UNSEEN = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def parse(field: Field, text: str, today: date, language: str = "en", region: str = "IN") -> Value:
    """The value that `text` gives to `field`. `today` is the sender's local date, `language` the one for labels named in hints,
    `region` the country of phone numbers written without one. Raises InvalidValue, and nothing else, for whatever text."""
    said = clean(text)
    if not said:
        raise InvalidValue(sentence("There is nothing in this answer."), sentence("Please write the answer as text."))
    most = MAX_LINES_TEXT if field.type is FieldType.LINES else MAX_TEXT
    if len(said) > most:
        raise InvalidValue(
            sentence("This answer is longer than {most} characters.", most=most), sentence("Please write it shorter.")
        )
    match field.type:
        case FieldType.TEXT:
            return said
        case FieldType.NUMBER:
            return parse_number(said)
        case FieldType.MONEY:
            return parse_money(said, field.currency)
        case FieldType.DATE:
            return parse_date(said, today)
        case FieldType.YES_NO:
            return _yes_no(said)
        case FieldType.CHOICE:
            return _choice(field, said, language)
        case FieldType.LINES:
            return parse_lines(said, field.currency)
        case FieldType.EMAIL:
            return _email(said)
        case FieldType.PHONE:
            return _phone(said, region)
        case FieldType.GSTIN:
            return _gstin(said)


def clean(text: str) -> str:
    """Trimmed, with digits of every script as 0-9, plain spaces, and without characters that cannot be stored or seen."""
    one_form = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    return "".join(_plain(character) for character in one_form).strip()


def _plain(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in ("Zs", "Zl", "Zp"):
        return " "
    return "" if category in ("Cc", "Cs") or character in _UNSEEN else character


def _words(said: str) -> str:
    return " ".join(unicodedata.normalize("NFC", said).casefold().split()).rstrip(".!")


def _yes_no(said: str) -> bool:
    word = _words(said)
    if word in _YES or word in _NO:
        return word in _YES
    raise InvalidValue(sentence("I need a yes or a no here."), sentence("Answer yes or no."))


def _choice(field: Field, said: str, language: str) -> str:
    word = _words(said)
    for choice in field.choices:
        if word == choice.key or word in {_words(label) for label in choice.label.by_language.values()}:
            return choice.key
    if word.isdecimal() and len(word) < 4 and 1 <= int(word) <= len(field.choices):
        return field.choices[int(word) - 1].key
    listed = ", ".join(f"{n} {choice.label.text(language)}" for n, choice in enumerate(field.choices, 1))
    raise InvalidValue(
        sentence("This is not one of the choices."), sentence("Answer with one of them, or its number: {listed}.", listed=listed)
    )


def _email(said: str) -> str:
    address = said.casefold().removeprefix("mailto:")
    if len(address) <= 254 and _EMAIL.fullmatch(address):
        return address
    raise InvalidValue(sentence("This is not an e-mail address."), sentence("Write only the address, such as sales@example.com."))


def _phone(said: str, region: str) -> str:
    """In E.164 form: +919876543210."""
    try:
        number = phonenumbers.parse(said, region) if _PHONE.fullmatch(said) else None
    except phonenumbers.NumberParseException:
        number = None
    if number and phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise InvalidValue(
        sentence("This is not a phone number that I know."), sentence("Write it with its country code, such as +91 98765 43210.")
    )


def _gstin(said: str) -> str:
    number = re.sub(r"[\s-]", "", said).upper()
    if not _GSTIN.fullmatch(number):
        raise InvalidValue(sentence("This is not a GSTIN."), sentence("It has 15 letters and digits, such as 27AAPFU0939F1ZV."))
    if _check_character(number[:14]) != number[14]:
        raise InvalidValue(
            sentence("This GSTIN has a wrong letter or digit: its last one does not fit."),
            sentence("Please compare it and write it again."),
        )
    return number


def _check_character(body: str) -> str:
    """The last character of a GSTIN: digits of base 36 weighted 1 and 2 in turn, each product's digits summed."""
    products = (_BASE_36.index(character) * (1 + place % 2) for place, character in enumerate(body))
    total = sum(product // 36 + product % 36 for product in products)
    return _BASE_36[-total % 36]
