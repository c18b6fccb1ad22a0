"""Fitting a message to a channel: what must hold for any text, any labels and any limits."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Attachment, Button, Limits, Message
from channels.fit import cut, fit, split

WHATSAPP = Limits(text=1600, button_text=1024, buttons=3, label=20, token=200)
TELEGRAM = Limits(text=4096, buttons=30, label=64, token=64, units="bytes")
TEXTS = st.text(st.sampled_from("abc .!?\n\t🙏éनमस्ते।कि‍₹"), max_size=300)
LABELS = st.lists(st.text(st.sampled_from("ab ()123🙏नमस्ते"), min_size=0, max_size=30), max_size=12)


def size(text: str, units: str = "chars") -> int:
    return len(text.encode()) if units == "bytes" else len(text.encode("utf-16-le")) // 2


def message(text: str, labels: list[str], **more: object) -> Message:
    buttons = tuple(Button(label, f"t{n}") for n, label in enumerate(labels))
    return Message(to="x", text=text, key="17", buttons=buttons, **more)  # type: ignore[arg-type]


def squeezed(text: str) -> str:
    return "".join(text.split())


limits = st.builds(
    Limits,
    text=st.integers(20, 80),
    button_text=st.sampled_from([0, 15, 40]),
    buttons=st.integers(0, 10),
    label=st.integers(14, 24),
    token=st.just(64),
    units=st.sampled_from(["chars", "bytes"]),
)


@settings(deadline=None)
@given(TEXTS, LABELS, limits)
def test_every_part_fits_and_nothing_is_lost(text: str, labels: list[str], limits: Limits) -> None:
    given_message = message(text, labels)
    parts = fit(given_message, limits)
    assert all(size(part.text) <= limits.text for part in parts)
    assert all(not part.buttons for part in parts[:-1])
    said = squeezed("".join(part.text for part in parts))
    if len(labels) <= limits.buttons:
        assert said == squeezed(text)
        assert [button.token for button in parts[-1].buttons] == [button.token for button in given_message.buttons]
    else:
        assert said == squeezed(text + "".join(f"{n}.{label}" for n, label in enumerate(labels, 1)))
    if parts[-1].buttons and limits.button_text:
        assert size(parts[-1].text) <= limits.button_text


@settings(deadline=None)
@given(TEXTS, LABELS, limits)
def test_labels_fit_and_differ(text: str, labels: list[str], limits: Limits) -> None:
    shown = [button.label for button in fit(message(text, labels), limits)[-1].buttons]
    assert all(0 < size(label, limits.units) <= limits.label for label in shown)
    assert len(set(shown)) == len(shown)


@settings(deadline=None)
@given(TEXTS, LABELS, limits)
def test_what_fits_is_left_alone(text: str, labels: list[str], limits: Limits) -> None:
    for part in fit(message(text, labels), limits):
        assert fit(part, limits) == (part,)


@settings(deadline=None)
@given(TEXTS, st.integers(8, 40))
def test_no_letter_loses_its_sign(text: str, room: int) -> None:
    """A part never begins with a vowel sign or a joiner that belongs to the letter before it."""
    for part in list(split(text, room))[1:]:
        whole = text[: text.index(part)] if part and text.count(part) == 1 else ""
        if whole and not whole[-1].isspace() and unicodedata.category(part[0]) in ("Mn", "Mc"):
            run = whole[-room:]
            assert all(unicodedata.category(sign) in ("Mn", "Mc", "Cf") for sign in run), "only a run of signs may be broken"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One two.\n\nThree four.", ["One two.", "Three four."]),
        ("One two\nthree four five", ["One two", "three four five"]),
        ("One two. Three four five", ["One two.", "Three four five"]),
        ("यह ठीक है। आगे बढ़ें अब", ["यह ठीक है।", "आगे बढ़ें अब"]),
        ("One two three four five", ["One two three", "four five"]),
        ("Onetwothreefourfive", ["Onetwothreefour", "five"]),
        ("🙏" * 9, ["🙏" * 7, "🙏" * 2]),
        ("", [""]),
    ],
)
def test_texts_break_where_people_would(text: str, parts: list[str]) -> None:
    assert list(split(text, 15)) == parts


def test_buttons_a_channel_cannot_show_become_numbers() -> None:
    (part,) = fit(message("Which branch?", ["North", "South", "East", "West"]), WHATSAPP)
    assert part.text == "Which branch?\n\n1. North\n2. South\n3. East\n4. West"
    assert not part.buttons


def test_the_last_part_answers_for_the_message() -> None:
    file = Attachment("PO.pdf", "application/pdf", b"%PDF")
    parts = fit(message("word " * 900, ["Approve"], attachments=(file,), quote="SM1", subject="PA-1"), WHATSAPP)
    assert [part.key for part in parts] == ["17-1", "17-2", "17-3", "17"]
    assert [part.quote for part in parts] == ["SM1", "", "", ""]
    assert [len(part.attachments) for part in parts] == [0, 0, 0, 1]
    assert {part.subject for part in parts} == {"PA-1"}


def test_labels_are_cut_in_the_channels_unit() -> None:
    label = "मंज़ूर करें और विक्रेता को आदेश भेजें"
    assert cut(label, 20) == "मंज़ूर करें और विक्…"
    assert size(cut(label, 64, "bytes"), "bytes") <= 64
    assert cut("Approve", 20) == "Approve"
    assert cut("Send\n back", 20) == "Send back"


def test_a_template_is_one_message() -> None:
    (part,) = fit(message("line\n" * 400, ["Approve"], template="HX1"), WHATSAPP)
    assert size(part.text) <= 1024
    assert "\n" not in part.text
    assert part.buttons
