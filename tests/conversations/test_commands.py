"""Every command in every state, by everybody: always an answer, never somebody else's data, and the open question still works."""

from __future__ import annotations

import pytest

from flows import Status
from tests.conversations.phones import Phone
from tests.conversations.purchase import STATES, Purchase
from tests.conversations.world import World

WORDS = (
    *("help", "menu", "mine", "status", "status PA-1001", "status pa-9999", "status Hana Head", "status finance"),
    *("why PA-1001", "why", "cancel", "cancel PA-9999", "back", "gibberish 123", "PA-1001", "?", "मदद"),
)
CANARIES = ("CANARY-CENTRE", "CANARY-REASON", "Fay Finance", "Hana Head", "Asha Asker")
"""What no stranger may read, and of which the vendor may read nothing."""

NEXT = {
    "request": lambda p: p.asker.says("skip"),
    "quotes": lambda p: p.quoted(),
    "budget": lambda p: p.budgeted(),
    "head_approval": lambda p: p.approved(),
    "po_prepare": lambda p: p.prepared(),
    "po_review": lambda p: p.ordered(),
    "vendor_ack": lambda p: p.acknowledged(),
    "goods_receipt": lambda p: p.received(),
    "match": lambda p: p.matched(),
}


class Canary(Purchase):
    """The same request with words that nobody but its people may see."""

    def asked(self, reason: str = "CANARY-REASON for a new one", vendor: str = "Example Traders") -> Purchase:
        form = (
            f"purchase\nItems: 1 pcs cupboard @ {self.rate}\nVendor: {vendor}\nVendor's e-mail: sales@example.net\n"
            f"Cost centre: CANARY-CENTRE\nNeeded by: in 2 weeks\nUrgency: normal\nReason: {reason}"
        )
        self.asker.says(form)
        return self


@pytest.mark.parametrize("state", STATES)
def test_every_word_in_every_state(world: World, state: str) -> None:
    purchase = Canary(world)
    stranger = world.whatsapp("+919800000098", "Stan Stranger")
    owner = {
        "request": purchase.asker, "quotes": purchase.asker, "budget": purchase.fay, "head_approval": purchase.hana,
        "po_prepare": purchase.pia, "po_review": purchase.pia, "goods_receipt": purchase.sam, "match": purchase.fay,
    }.get(state, purchase.vendor)  # fmt: skip
    purchase.up_to(state)
    before = world.run()
    for person in dict.fromkeys((purchase.asker, owner, purchase.mia, stranger, purchase.vendor)):
        for word in WORDS:
            answers = person.says(word)
            unchanged = f"after {word!r} by {person.name}"
            assert answers, f"no answer {unchanged}"
            assert answers[0], f"an empty answer {unchanged}"
            assert world.run() == before, f"the run moved {unchanged}"
            leak_free(person, purchase, word, "\n".join(answers))
    if state in NEXT:
        NEXT[state](purchase)
        assert purchase.open != [state], "the open question no longer works"
    world.whole()


def leak_free(person: Phone, purchase: Purchase, word: str, said: str) -> None:
    if person in (purchase.asker, purchase.mia) or person.address in (purchase.fay.address, purchase.hana.address):
        return
    if person.name in ("Stan Stranger", "Vera Vendor"):
        told = [canary for canary in CANARIES if canary in said and canary.casefold() not in word.casefold()]
        assert not told, f"{person.name} was told {told} after {word!r}:\n{said}"
    if person.name == "Stan Stranger":
        assert "Example Traders" not in said
        assert "8,000" not in said


def test_not_yours_and_not_there_read_the_same(world: World) -> None:
    Purchase(world).up_to("budget")
    stranger = world.telegrams("5000000098", "Stan Stranger")
    for word in ("status", "why", "cancel"):
        theirs, nobodys = stranger.says(f"{word} PA-1001"), stranger.says(f"{word} PA-9999")
        assert [text.replace("1001", "9999") for text in theirs] == nobodys


def test_what_a_manager_sees(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    mia = purchase.mia
    assert mia.says("status") == [
        "1 open, 0 late, 0 stopped\n· PA-1001 · Example Traders, ₹8,000.00 · Approval by department head · with Hana Head since "
        "today 10:00 · due today 14:00"
    ]
    assert mia.says("status PA-1001")[0].splitlines() == [
        "PA-1001 · Purchase approval",
        "Example Traders, ₹8,000.00",
        "Asked by Asha Asker, today 10:00",
        "✓ Request",
        "✓ Quotes",
        "✓ Budget check (Fay Finance)",
        "▸ Approval by department head: with Hana Head since today 10:00, due today 14:00",
    ]
    assert mia.says("status Hana Head")[0].startswith("Hana Head:\n· PA-1001")
    why = mia.says("why PA-1001")[0].splitlines()
    assert why[0] == "PA-1001 follows Purchase approval, version 1."
    assert "Approval: took “up to 10 thousand” because amount <= 10000 (amount = 8000.00)" in why
    assert "Budget check: Fay Finance: Within budget (today 10:00)" in why
    world.later(hours=6)
    assert "1 open, 1 late, 0 stopped" in mia.says("status")[0]
    assert "2 hours late" in mia.last.text


@pytest.mark.parametrize("state", [state for state in STATES if state != "ended"])
def test_cancel_in_every_state(world: World, state: str) -> None:
    purchase = Purchase(world).up_to(state)
    assert purchase.fay.says("cancel PA-1001")[-1].startswith("PA-1001") or state in ("request", "quotes")
    assert world.run().status is Status.OPEN
    if state in ("budget", "match"):
        purchase.asker.says("status PA-1001")
        purchase.asker.taps("Cancel it")
        assert purchase.asker.last.text == "Cancel PA-1001? This cannot be undone."
        purchase.asker.taps("Yes, cancel it")
    else:
        purchase.asker.says("cancel pa-1001")
    run = world.run()
    assert (run.status, run.open_steps(), world.timers()) == (Status.CANCELLED, (), [])
    assert "PA-1001 was cancelled by" in purchase.asker.last.text
    if state == "head_approval":
        assert purchase.hana.last.text == "PA-1001 was cancelled by Asha Asker. Nothing more to do."
        assert purchase.hana.taps("Approve") == ["PA-1001: already cancelled by Asha Asker, today 10:00. Nothing changed."]
    world.whole()


def test_a_mail_cannot_cancel(world: World) -> None:
    asker = world.mails()
    Purchase(world, asker).up_to("quotes")
    assert asker.says("cancel PA-1001") == ["A mail cannot cancel PA-1001. Please use the chat."]
    assert world.run().status is Status.OPEN


def test_several_things_waiting_are_listed_and_nothing_is_guessed(world: World) -> None:
    for reference in ("PA-1001", "PA-1002"):
        Purchase(world, reference=reference).up_to("head_approval")
    hana = world.staff("Hana")
    before = [world.run(reference) for reference in ("PA-1001", "PA-1002")]
    for word in ("Approve", "1", "yes"):
        (asked,) = hana.says(word)
        assert asked.startswith("Several things wait for you. Which one do you mean?")
        assert list(hana.last.buttons) == ["PA-1001", "PA-1002"]
    assert [world.run(reference) for reference in ("PA-1001", "PA-1002")] == before
    hana.taps("PA-1002")
    assert hana.last.text.startswith("PA-1002 · your approval is needed")
    hana.taps("Approve")
    assert (world.open("PA-1001"), world.open("PA-1002")) == (["head_approval"], ["po_prepare"])
    assert hana.says("mine")[0].startswith("Waiting for you:\n· PA-1001 · Approval by department head")


def test_a_command_between_a_tap_and_its_reason_loses_nothing(world: World) -> None:
    hana = Purchase(world).up_to("head_approval").hana
    hana.taps("Reject")
    hana.says("status PA-1001")
    assert hana.says("Too dear") == ["Thank you. PA-1001: you rejected it."]


def test_a_bare_reference_is_never_an_answer(world: World) -> None:
    asker = world.whatsapp()
    asker.says("purchase")
    asker.says("1 pcs cupboard @ 8000")
    (asked,) = asker.says("PA-1001")
    assert asked == "PA-1001 · question 2 of 8\nWhich vendor?"
    assert "vendor" not in world.run().values


def test_help_is_never_the_same_dead_end_twice(world: World) -> None:
    stranger = world.whatsapp("+919800000097", "Stan Stranger")
    answers = [stranger.says("hmm")[0] for _ in range(3)]
    assert answers[0].startswith("Sorry, I did not understand.")
    assert answers[1].startswith("What would you like to do?")
    assert answers[2] == "I have told a person, who will get in touch."
    assert world.staff("Mia").last.text == "Stan Stranger (whatsapp) needs help: I could not use their last messages."
