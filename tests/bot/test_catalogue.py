"""The catalogue against the code: nothing said past it, nothing untranslated, no slot lost, no label too long; and each of these
tests caught out by a planted fault."""

from __future__ import annotations

import ast
import time
import unicodedata
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

import flows.engine.words as engine_words
from bot.channels import list_label
from bot.words import catalogue, moment, retold, span, translator
from bot.words.catalogue import END, ISOLATE, Catalogue, isolated, languages, mistake, named, plural
from bot.words.outcomes import outcome
from bot.words.scene import summary
from flows import Flow, Run
from flows.errors import InvalidValue
from flows.loader import load
from flows.model import Approve, Choice, End, Wording
from flows.parse.days import parse_date
from flows.said import Said, either, sentence
from prompts import read_command
from tests import messages
from tests.flows import build

TEMPLATES = messages.ROOT / "flows/templates"
LABEL = 20
"""Characters of a button on WhatsApp, the narrowest."""
NOW = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def template() -> Catalog:
    return messages.extracted()


@pytest.fixture
def hindi() -> Catalog:
    return messages.catalogues()["hi"]


# --- the files hold what the code says ---------------------------------------------------------------------------------


def test_code_and_catalogues_say_the_same() -> None:
    assert messages.check() == []


def test_the_template_is_of_this_code(template: Catalog) -> None:
    with messages.TEMPLATE.open("rb") as source:
        stored = messages.read_po(source)
    assert {m.id for m in messages.entries(stored)} == {m.id for m in messages.entries(template)}, "run `make messages`"


def _missing(catalogue: Catalog) -> None:
    catalogue.delete("Menu")


def _empty(catalogue: Catalog) -> None:
    catalogue["Menu"].string = ""


def _slot(catalogue: Catalog) -> None:
    catalogue["Asked by {name}"].string = "{nam} का अनुरोध"


def _plural_slot(catalogue: Catalog) -> None:
    catalogue[("{count} day", "{count} days")].string = ("दिन", "{count} दिन")


def _unused(catalogue: Catalog) -> None:
    catalogue.add("Nobody says this.", "यह कोई नहीं कहता।")


def _fuzzy(catalogue: Catalog) -> None:
    catalogue["Menu"].flags.add("fuzzy")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_missing, "not in the catalogue"),
        (_empty, "has no translation"),
        (_slot, "other slots"),
        (_plural_slot, "other slots"),
        (_unused, "no longer said"),
        (_fuzzy, "has no translation"),
    ],
)
def test_a_planted_fault_in_the_file_is_found(
    template: Catalog, hindi: Catalog, spoil: Callable[[Catalog], None], told: str
) -> None:
    spoilt = deepcopy(hindi)
    spoil(spoilt)
    (found,) = set(messages.problems(template, "hi", spoilt)) - set(messages.problems(template, "hi", hindi))
    assert told in found


@pytest.mark.parametrize(
    "code",
    [
        'turn.reply("Nothing waits for you.")',
        'turn.reply(f"{reference}: your request is recorded")',
        'Tap("Cancel", "cancel")',
        'Draft(f"Cancelled {reference}")',
        'lines.append("Done")',
        'raise Unusable("Please send it again.")',
        'raise InvalidValue("This is no date.", HINT)',
        'WORDS = {"closed": "It is closed by now."}',
        'def said() -> str:\n    return "nobody knows" if late else t("Thank you.")',
    ],
)
def test_words_past_the_catalogue_are_found(code: str) -> None:
    assert len(list(messages.unsaid(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code",
    [
        'turn.reply(turn.t("Nothing waits for you.").format(reference=run.reference))',
        'Tap(t("Cancel"), "cancel")',
        'raise Unusable(sentence("Please send it again."))',
        'raise ValueError("an answer needs a question")',
        'def said() -> str:\n    """Words for the reader."""\n    assert late, "it is not late"',
        'log.error("a row failed: %s", row)',
        'Choice("approve", Wording({"en": "Approve it", "hi": "मंज़ूर"}))',
    ],
)
def test_words_through_the_catalogue_and_no_words_are_not(code: str) -> None:
    assert list(messages.unsaid(ast.parse(code))) == []


def test_what_babel_does_not_see_is_found() -> None:
    assert list(messages.said_in(ast.parse("f\"{t('Hidden here')} {x}\""))) == [(1, ("Hidden here",))]


# --- the words ---------------------------------------------------------------------------------------------------------


def _labels() -> Iterator[str]:
    """The product's own button labels, in English."""
    for path in messages.spoken_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Tap", "Button"):
                for _, words in messages.said_in(node.args[0]):
                    yield from words


def _choices() -> list[Choice]:
    return [value for value in vars(engine_words).values() if isinstance(value, Choice)]


@pytest.mark.parametrize("language", ["en", "hi"])
def test_labels_fit_a_button(language: str) -> None:
    own = list(_labels())
    assert len(own) >= 6
    shown = [translator(language)(label) for label in own] + [choice.label.text(language) for choice in _choices()]
    assert [label for label in shown if len(label) > LABEL] == []


def test_the_button_that_opens_a_list_says_it_in_every_language() -> None:
    assert list_label() == "Choose · चुनें"
    assert len(list_label()) <= LABEL


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.yaml")), ids=lambda file: file.stem)
def test_how_shipped_flows_end_is_said_in_hindi(file: Path) -> None:
    ends = set(_outcomes(load(file)))
    assert ends
    assert [name for name in ends if outcome(name, "hi") == outcome(name, "en")] == []


def _outcomes(flow: Flow) -> Iterator[str]:
    for place in flow.places.values():
        yield from getattr(place.step, "ends", {}).values()
        if isinstance(place.step, End):
            yield place.step.outcome
        if isinstance(place.step, Approve):
            yield place.step.rejected


def test_an_outcome_that_the_catalogue_does_not_know_stays_as_it_is() -> None:
    assert outcome("sent_on-by_hand", "hi") == "sent on by hand"


def test_the_engines_choices_speak_every_language() -> None:
    assert len(_choices()) >= 9
    assert [c.key for c in _choices() if set(c.label.by_language) != set(languages())] == []


def test_hindi_is_written_as_it_is_compared(hindi: Catalog) -> None:
    """In NFC, without stray spaces, and ending as the English does."""
    for message in messages.entries(hindi):
        for english, text in zip(_strings(message.id), _strings(message.string), strict=False):
            assert text == unicodedata.normalize("NFC", text)
            assert (text[:1].isspace(), text[-1:].isspace()) == (english[:1].isspace(), english[-1:].isspace())
            assert text.count("\n") == english.count("\n")
            assert text.count("“") == text.count("”")


def _strings(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)  # type: ignore[arg-type]


def test_the_commands_of_the_help_are_understood_in_hindi(hindi: Catalog) -> None:
    """Each line of the help names in Hindi a command that does the same as the English one."""
    lines = [m for m in messages.entries(hindi) if isinstance(m.id, str) and _command(m.id.partition(":")[0])]
    assert len(lines) >= 10
    for message in lines:
        english, hindi_line = (_command(text.partition(":")[0]) for text in (message.id, str(message.string)))
        assert english == hindi_line, f"{message.string!r} is understood as {hindi_line}"


def _command(words: str) -> str:
    return found.name if (found := read_command(words)) else ""


def test_the_dates_that_the_hint_names_can_be_read(hindi: Catalog) -> None:
    hint = next(m for m in messages.entries(hindi) if str(m.id).startswith("Write the day first"))
    for example in ("15/8/2026", "15 अगस्त 2026", "आज", "शुक्रवार"):
        assert example in hint.string
        assert parse_date(example, NOW.date())


def test_the_docs_tell_how_much_nobody_fluent_has_read(hindi: Catalog) -> None:
    row = f"| hi | हिन्दी | {len(messages.entries(hindi))} | {len(messages.unreviewed(hindi))} |"
    assert row in messages.DOCS.read_text(encoding="utf-8"), f"run `make messages`, or write the row {row}"


# --- the catalogue at run time -----------------------------------------------------------------------------------------


def test_languages_and_their_names() -> None:
    assert dict(languages()) == {"en": "English", "hi": "हिन्दी"}
    assert [named(word) for word in ("Hindi", "हिंदी", "हिन्दी", "english", "en", "latin", "")] == ["hi"] * 3 + ["en"] * 2 + [
        ""
    ] * 2


@pytest.mark.parametrize("language", ["hi", "hi-IN", "hi_IN"])
def test_a_region_takes_the_language(language: str) -> None:
    assert translator(language)("Menu") == "मेनू"


@pytest.mark.parametrize("language", ["en", "xx", "", "../../etc/passwd", "zh-Hant-TW"])
def test_what_has_no_catalogue_is_said_in_english(language: str) -> None:
    assert translator(language)("Menu") == "Menu"
    assert plural(language, "{count} day", "{count} days", 1) == "1 day"
    assert plural(language, "{count} day", "{count} days", 3) == "3 days"
    assert moment(NOW + timedelta(days=3), NOW, "Asia/Kolkata", language) == "Thu 10:00"


def test_times_in_hindi() -> None:
    days = (0, 1, -1, 3, 60, 400)
    assert [moment(NOW + timedelta(days=d), NOW, "Asia/Kolkata", "hi") for d in days] == [
        "आज 10:00", "कल 10:00", "बीते कल 10:00", "गुरुवार 10:00", "1 मई 10:00", "6 अप्रैल 2027 10:00",
    ]  # fmt: skip
    assert [span(timedelta(hours=h), "hi") for h in (1, 2, 24, 72)] == ["1 घंटा", "2 घंटे", "1 दिन", "3 दिन"]


def test_what_the_core_said_is_told_in_the_readers_language() -> None:
    role = Wording({"en": "Store", "hi": "स्टोर"})
    held = sentence("Nobody holds the role {role}.", role=either([role, "Office {x}"]))
    assert held == "Nobody holds the role Store or Office {x}."
    assert retold(held, "hi") == "स्टोर या Office {x} की भूमिका किसी के पास नहीं है।"
    kept = Said.read(held.stored())
    assert (kept, retold(kept, "hi")) == (held, retold(held, "hi"))
    assert retold("Menu", "hi") == "Menu", "somebody's own words are not ours to translate"


def test_a_mistake_is_told_in_the_readers_language() -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_date("31/2/2026", NOW.date())
    assert str(caught.value).startswith("There is no such date. Write the day first")
    assert mistake(caught.value, "hi").startswith("ऐसी कोई तारीख नहीं है। दिन पहले लिखिए")


# --- right to left -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ar", "ur", "he", "fa", "ur-PK"])
def test_slots_are_isolated_where_words_run_from_the_right(language: str) -> None:
    assert translator(language)("Asked by {name}") == f"Asked by {ISOLATE}{{name}}{END}"
    assert translator(language)("Menu") == "Menu"
    assert isolated("PA-1042", language) == f"{ISOLATE}PA-1042{END}"


@pytest.mark.parametrize("language", ["en", "hi"])
def test_nothing_is_isolated_elsewhere(language: str) -> None:
    assert ISOLATE not in translator(language)("Asked by {name}") + isolated("PA-1042", language)


def test_a_value_in_a_flows_own_wording_is_isolated_too() -> None:
    run = Run("r", "PA-1001", "test", 1, "asha", NOW, values={"vendor": "Example Traders"})
    assert summary(build.flow(), run, "ur") == f"{ISOLATE}Example Traders{END}"
    assert summary(build.flow(), run, "hi") == "Example Traders"


def test_a_reference_copied_with_its_marks_is_understood() -> None:
    assert read_command(f"status {ISOLATE}PA-1042{END}") == read_command("status PA-1042")


# --- what it costs -----------------------------------------------------------------------------------------------------


def test_a_language_is_read_once_and_quickly() -> None:
    catalogue._catalogue.cache_clear()
    began = time.perf_counter()
    first = catalogue._catalogue("hi")
    took = time.perf_counter() - began
    assert isinstance(first, Catalogue)
    assert catalogue._catalogue("hi") is first
    assert took < 0.5, "a file of some hundred entries is read in about 20 ms"
