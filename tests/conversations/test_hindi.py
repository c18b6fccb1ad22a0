"""T1 in Hindi, from choosing the language to the end: whoever reads Hindi is never written to in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.words import catalogue
from flows import Flow
from flows.model import Branch, Rule
from tests import messages
from tests.conversations.phones import Bubble, Mailbox, Phone
from tests.conversations.purchase import VENDOR
from tests.conversations.world import World, pdf

DATA = """
    Asha Asker Hana Head Fay Finance Dora Director Pia Purchase Sam Store Mia Manager Vera Vendor Example Traders Nobody
    example sales com net whatsapp telegram email quote pdf PDF JPEG PNG WebP GSTIN English Baton PA PO pcs
    office chair Office Sample Klingon AAPFU ZV NAME amont for the simulation
"""
"""What is written in Latin letters wherever it is read: names, addresses, files, values, and what the people themselves wrote."""
FORM = f"""सामान: 1 pcs office chair @ 8000
विक्रेता: Example Traders
विक्रेता का ई-मेल: {VENDOR}
लागत केंद्र: Office
कब तक चाहिए: 15 अप्रैल 2026
कितना ज़रूरी: सामान्य
रंग: लाल
कारण: पुरानी टूट गई है"""
ENGLISH = re.compile(r"[A-Za-z]{2,}")


class Hindi:
    """The people of one world, all of whom have chosen Hindi in the chat."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asha, self.fay, self.hana = world.whatsapp(), world.staff("Fay"), world.staff("Hana")
        self.pia, self.sam, self.mia = world.staff("Pia"), world.staff("Sam"), world.staff("Mia")
        self.vendor = world.mails(VENDOR, "Vera Vendor")
        self.people = (self.asha, self.fay, self.hana, self.pia, self.sam, self.mia, self.vendor)
        for person in self.people:
            choose_hindi(person)
        self.from_here = {person: len(person.bubbles()) for person in self.people}

    def read(self) -> Iterator[tuple[str, Bubble]]:
        """What they were sent since, with their name."""
        for person in self.people:
            yield from ((person.name, bubble) for bubble in person.bubbles()[self.from_here[person] :])

    @property
    def flow(self) -> Flow:
        with self.world.product.database.read() as unit:
            loaded = unit.runs.load(self.world.run().id)
            assert loaded is not None
            return self.world.product.transitions.book.version(unit, loaded.flow_version_id).flow


def choose_hindi(person: Phone) -> None:
    if isinstance(person, Mailbox):
        answer = person.says("language Hindi")
    else:
        asked = person.says("language")[-1].splitlines()
        assert len(asked) == 2, "asked in both languages"
        answer = person.taps("हिन्दी")
    assert answer == ["अब से आपको हिन्दी में लिखा जाएगा।"]


def test_the_language_is_chosen_by_tap_or_word_and_kept(world: World) -> None:
    asha = world.whatsapp()
    assert asha.says("language") == [
        "Which language shall I write in? Tap it, or write “language English”.\nआपको किस भाषा में लिखा जाए? उसे चुनिए, या “भाषा हिन्दी” लिखिए।"
    ]
    assert set(asha.last.buttons) == {"English", "हिन्दी"}
    assert asha.taps("हिन्दी") == ["अब से आपको हिन्दी में लिखा जाएगा।"]
    assert asha.says("hello") == ["आप क्या करना चाहेंगे? बटन दबाइए, या शब्द लिखिए।\n· खरीद की मंज़ूरी: “खरीद”"]
    assert "भाषा: संदेशों की भाषा चुनें" in asha.says("मदद")[0]
    assert asha.says("भाषा अंग्रेज़ी") == ["I write to you in English from now on."]
    assert asha.says("भाषा हिंदी") == ["अब से आपको हिन्दी में लिखा जाएगा।"]
    assert len(asha.says("language Klingon")) == 1
    assert set(asha.last.buttons) == {"English", "हिन्दी"}
    assert "mine" in asha.says("भाषा English")[0] or "English" in asha.last.text
    world.whole()


def test_choosing_a_language_leaves_the_open_question_open(world: World) -> None:
    asha = world.whatsapp()
    asha.says("purchase")
    before = world.run()
    choose_hindi(asha)
    assert world.run() == before
    assert asha.says("अलमारी") == ["PA-1001\nलाइन 1 (“अलमारी”): मात्रा, सामान और दर नहीं मिले। ऐसे लिखिए: 10 pcs कुर्सी @ 2500 +18%"]
    assert asha.says("10 pcs कुर्सी @ 2500 +18%") == ["PA-1001 · सवाल 2, कुल 8\nकौन सा विक्रेता?"]


def test_a_purchase_from_the_first_word_to_the_last(world: World) -> None:
    talk = talked_through(world)
    assert english(talk) == []
    assert world.run().outcome == "completed"
    world.whole()


@pytest.mark.parametrize(
    ("lost", "where"),
    [
        ("Good news: {reference} was approved.", "Asha"),
        ("Mine", "Asha"),
        ("{count} hour", "Mia"),
        ("Nobody holds the role {role}.", "Mia"),
        ("I cannot read this as a date.", "Asha"),
    ],
)
def test_one_lost_translation_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch, lost: str, where: str) -> None:
    """A planted fault: a catalogue without one of its entries."""
    whole = catalogue._catalogue("hi")
    strings = {english: hindi for english, hindi in whole.strings.items() if english != lost}
    plurals = {english: forms for english, forms in whole.plurals.items() if english != lost}
    monkeypatch.setattr(catalogue, "_catalogue", lambda language: replace(whole, strings=strings, plurals=plurals))
    catalogue.translator.cache_clear()
    try:
        told = english(talked_through(world))
    finally:
        catalogue.translator.cache_clear()
    assert told
    assert any(where in line for line in told)


def talked_through(world: World) -> Hindi:
    """The way of a purchase with every turn that a person takes in it: wrong answers, commands, corrections, a stopped step."""
    talk = Hindi(world)
    asha, fay, hana, pia, sam, mia = talk.asha, talk.fay, talk.hana, talk.pia, talk.sam, talk.mia
    asha.says("नमस्ते")
    asha.taps("खरीद की मंज़ूरी")
    commands(asha)
    for word in ("बहुत सारा सामान", "10 pcs office chair @ 2500 +18%", "Example Traders", "यह कोई पता नहीं", VENDOR):
        asha.says(word)
    asha.taps("छोड़ें")
    for word in ("Office", "कब पता नहीं", "31/2/2026", "कल", "15 अप्रैल 2026"):
        asha.says(word)
    asha.says("पता नहीं")
    asha.taps("ज़रूरी")
    asha.says("नए साथियों के लिए")
    asha.says("कोटेशन बाद में")
    asha.sends(b"MZ not a document", "application/octet-stream", name="quote.pdf")
    asha.sends(pdf())
    asha.sends(pdf())
    commands(asha)

    fay.taps("वापस भेजें", "PA-1001")
    fay.says("कारण लिखा नहीं")
    asha.says("कारण: नए साथी आए हैं")
    asha.taps("जमा करें")
    world.later(hours=6)
    commands(mia)
    commands(fay)
    fay.taps("बजट में है", "PA-1001")
    stale = fay.button("बजट में है", "PA-1001")
    world.post(*fay.presses(stale[0], "बजट में है", stale[1]))
    world.settle()
    world.later(days=2)
    assert "24 घंटे से उनका कोई संदेश नहीं आया" in mia.says("स्थिति")[-1], "what is held says why"
    hana.says("टिप्पणी PA-1001 ठीक लगता है")
    hana.says("सौंपें PA-1001 Nobody को")
    hana.taps("मंज़ूर", "PA-1001")
    asha.says("मंज़ूर PA-1001")

    stopped(talk)
    fay.taps("मंज़ूर", "PA-1001")
    mia.says("स्थिति PA-1001")
    mia.says("क्यों PA-1001")
    back(talk)
    mia.taps("फिर कोशिश करें")
    for word in ("30,000", "कब", "12 मार्च 2026"):
        pia.says(word)
    pia.taps("तैयार है")
    pia.taps("विक्रेता को भेजें")
    talk.vendor.replies(talk.vendor.last, "स्वीकार है")
    sam.replies(sam.last, "1")
    fay.taps("मिलान हो गया")
    asha.says("रद्द PA-1001")
    mia.says("स्थिति PA-1001")
    return talk


def commands(person: Phone) -> None:
    for word in (
        "मदद",
        "मेनू",
        "मेरे",
        "स्थिति",
        "स्थिति PA-1001",
        "क्यों PA-1001",
        "स्थिति PA-9999",
        "क्यों",
        "PA-1001",
        "भाषा हिन्दी",
        "?!",
    ):
        person.says(word)


WITH_TEXT = (
    *("छुट्टी", "छुट्टी शुक्रवार तक, Fay Finance संभालेंगे", "छुट्टी 3 तारीख तक", "छुट्टी कल तक, Klingon संभालेंगे", "छुट्टी बंद", "छुट्टी बंद"),
    *("वापस लें", "वापस PA-1001", "टिप्पणी PA-1001", "सौंपें PA-1001", "सौंपें PA-1001 Klingon को", "सौंपें PA-1001 Dora Director को"),
    *("स्वीकार PA-1001", "स्वीकार PA-1001 कोटेशन", "नामंज़ूर PA-1001 कोटेशन", "नामंज़ूर PA-1001 कोटेशन साफ़ नहीं", "छूट PA-1001 कोटेशन"),
    *("छूट PA-1001 कोटेशन पुराने विक्रेता हैं", "हटाएँ PA-1001", "हटाएँ PA-1001 बजट की जाँच क्योंकि फ़ोन पर हो गया", "रद्द", "रद्द PA-9999"),
    *("पूर्वानुमान purchase-approval amount=75000", "पूर्वानुमान purchase-approval amont=5", "पूर्वानुमान purchase-approval amount=बहुत"),
    "पूर्वानुमान klingon",
)
"""The commands that take words, well and badly said."""


@pytest.mark.parametrize("state", ["request", "quotes", "budget"])
def test_every_command_is_answered_in_hindi(world: World, state: str) -> None:
    talk = Hindi(world)
    talk.asha.says("खरीद")
    if state != "request":
        talk.asha.says(FORM)
        talk.asha.says("GST नहीं है")
        talk.asha.says("छोड़ें")
    if state == "budget":
        talk.asha.sends(pdf())
    assert world.open() == [state]
    for person in (talk.asha, talk.fay, talk.mia, talk.vendor):
        for word in WITH_TEXT:
            assert person.says(word), f"no answer to {person.name} after {word!r}"
    assert english(talk) == []


def stopped(talk: Hindi) -> None:
    """Nobody is left to prepare the order."""
    roles(talk, ())


def back(talk: Hindi) -> None:
    roles(talk, ("purchase",))


def roles(talk: Hindi, held: tuple[str, ...]) -> None:
    pia = talk.world.contact(talk.pia)
    talk.world.product.database.write("roles", lambda unit: unit.people.set_roles(pia, held)).result()


def english(talk: Hindi) -> list[str]:
    """What they read in English: `name: word (text)`."""
    allowed = set(DATA.split()) | set(_of_rules(talk.flow))
    found = []
    for name, bubble in talk.read():
        for text in (bubble.text, *bubble.buttons):
            if words := [word for word in ENGLISH.findall(text) if word not in allowed]:
                found.append(f"{name}: {words} ({text})")
    return found


def _of_rules(flow: Flow) -> Iterator[str]:
    """Rules, and the names of branches and cases, which are shown as they stand in the flow."""
    for place in flow.places.values():
        if isinstance(place.step, Branch):
            yield from ENGLISH.findall(place.step.title.text())
            for case in place.step.cases:
                yield from ENGLISH.findall(case.name.replace("_", " "))
                yield from ENGLISH.findall(case.when.source) if isinstance(case.when, Rule) else ()
    yield from ENGLISH.findall(flow.id)
    for field in flow.fields:
        yield from ENGLISH.findall(field)
        yield field


def test_the_check_knows_english_from_hindi() -> None:
    """No entry of the catalogue is so short, or so like its Hindi, that the check above would take it for data."""
    strings = messages.catalogues()["hi"]
    blind = [
        m.id
        for m in messages.entries(strings)
        if isinstance(m.id, str) and m.id != m.string and not ENGLISH.findall(re.sub(r"\{\w+\}", "", m.id)) and len(m.id) > 3
    ]
    assert set(blind) <= {"{days}d {hours}h", "{days}d", "{hours}h"}
