"""Values read out of text by rules: where a field's own words stand beside something of its type. Nothing is guessed beyond that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import zip_longest

from flows import Value
from flows.errors import InvalidValue
from flows.model import Field, FieldType
from flows.parse import parse

_DATE = (
    r"\d{4}-\d\d-\d\d|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"
    r"|\d{1,2}(?:st|nd|rd|th)?[ -][A-Za-z]{3,9}\.?,?[ -]\d{2,4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}"
)
_MONEY = r"(?:₹|Rs\.?|INR|USD|\$|€)?\s?\d[\d,]*(?:\.\d{1,2})?"
_FORMS = {
    FieldType.GSTIN: re.compile(r"\b\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]\b"),
    FieldType.DATE: re.compile(_DATE),
    FieldType.MONEY: re.compile(_MONEY),
    FieldType.NUMBER: re.compile(r"-?\d[\d,]*(?:\.\d+)?"),
    FieldType.EMAIL: re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    FieldType.PHONE: re.compile(r"\+?\d[\d ()-]{8,16}\d"),
}
_ALONE = (FieldType.GSTIN, FieldType.EMAIL)
"""Of these the first is taken wherever it stands: their form says what they are."""
_TOTALS = ("grand total", "amount payable", "net payable", "total amount", "invoice total", "total")
_SAME = {"no": ("no", "number", "#"), "number": ("no", "number", "#"), "amount": ("amount", "total"), "date": ("date", "dated")}
MOST_TEXT = 80


def extract(fields: Iterable[Field], text: str, today: date, language: str = "en") -> dict[str, Value]:
    """What `text` says for each field: by its type and the words of its title. A field that is not found is not there."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    found: dict[str, Value] = {}
    for field in fields:
        for words in _candidates(field, lines):
            try:
                found[field.name] = parse(field, words, today, language)
            except InvalidValue:
                continue
            break
    return found


def _candidates(field: Field, lines: Sequence[str]) -> Iterator[str]:
    """What may be meant, the likeliest first."""
    labels = _labels(field)
    beside = [rest for label in labels for rest in _beside(label, lines)]
    if field.type is FieldType.TEXT:
        yield from (words for rest in beside if (words := _first_words(rest, labels)))
        return
    form = _FORMS.get(field.type)
    if form is None:
        return
    if field.type is FieldType.MONEY:
        if any(word in label for label in labels for word in ("total", "amount")):
            beside = [rest for total in _TOTALS for rest in _beside(total, lines)] + beside
        yield from (amounts[-1] for rest in beside if (amounts := form.findall(rest)))
        return
    yield from (match for rest in beside for match in form.findall(rest)[:1])
    everywhere = [match for line in lines for match in form.findall(line)]
    if field.type in _ALONE or (field.type is FieldType.DATE and len(set(everywhere)) == 1):
        yield from everywhere


def _labels(field: Field) -> list[str]:
    """How a document may call the field: its title in each language and its name, with words that mean the same."""
    labels: list[str] = []
    for title in (*field.title.by_language.values(), field.name.replace("_", " ")):
        words = title.casefold().replace(".", " ").split()
        for last in _SAME.get(words[-1], (words[-1],)) if words else ():
            labels.append(" ".join([*words[:-1], last]))
    return list(dict.fromkeys(labels))


def _beside(label: str, lines: Sequence[str]) -> Iterator[str]:
    """What follows a label on its line, or the next line where it stands alone. "Subtotal" is not "total"."""
    pattern = re.compile(rf"(?<![\w-])(?<!sub )(?<!sub-){re.escape(label)}(?!\w)[\s.:#=-]*(.*)", re.IGNORECASE)
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        if found := pattern.search(line):
            yield found[1] or following


def _first_words(rest: str, labels: Sequence[str]) -> str:
    """What a text field takes: of a number or reference its first word that has a digit, else the words up to the next label."""
    if any(label.endswith((" no", " number", " #")) or label in ("no", "number") for label in labels):
        word = next(iter(rest.split()), "").strip(",;:")
        return word if any(sign.isdigit() for sign in word) else ""
    words = re.split(r"\s[|·]\s|\s\w+:\s", rest)[0].strip(" ,;:|-")
    return words if len(words) <= MOST_TEXT else ""
