"""Intents: the order of DESIGN's rule, and that nothing is guessed on a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import intents
from bot.conversation.intents import (
    Answer,
    Decide,
    Document,
    OptIn,
    OptOut,
    Start,
    Tap,
    Unknown,
    understand,
)
from bot.conversation.known import Expecting, Question, Quoted, Situation, Tapped, Wants
from channels.base import EventKind, Inbound, Media
from prompts import Command

ASKED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHOICES = (("approve", ("Approve", "मंज़ूर")), ("reject", ("Reject", "नामंज़ूर")), ("send_back", ("Send back", "वापस भेजें")))


def approval(number: int = 1, **changes: object) -> Question:
    base = Question(f"run{number}", f"PA-{1000 + number}", "approval", 1, Wants.DECISION, ASKED, CHOICES, approval=True)
    return replace(base, **changes)


def field(number: int = 9) -> Question:
    return Question(f"run{number}", f"PA-{1000 + number}", "request", 1, Wants.FIELD, ASKED)


def documents(number: int = 5) -> Question:
    return Question(f"run{number}", f"PA-{1000 + number}", "quotes", 1, Wants.DOCUMENT, ASKED)


def message(text: str = "", **changes: object) -> Inbound:
    base = Inbound("whatsapp", "+1", EventKind.MESSAGE, "SM1", "+919800000001", b"", text=text)
    return replace(base, **changes)


def world(*questions: Question, **known: object) -> Situation:
    references = {q.reference: q.run_id for q in questions}
    base = {"ask": lambda: questions, "starts": lambda words: words == "purchase", "references": references.get}
    return Situation(**base | known)


def test_the_bare_word_leave_is_for_a_flow_that_it_starts() -> None:
    assert understand(message("Leave"), world()) == Command("leave")
    starting = world(starts=lambda words: words == "leave")
    assert understand(message("Leave"), starting) == Start("leave", "")
    assert understand(message("leave till Friday, dora covers"), starting) == Command("leave", text="till Friday, dora covers")
    assert understand(message("cancel"), world(starts=lambda words: words == "cancel")) == Command("cancel")


def test_opt_out_and_commands_come_first_and_only_as_whole_messages() -> None:
    now = world(field())
    assert understand(message("STOP"), now) == OptOut()
    assert understand(message("Start"), now) == OptIn()
    assert understand(message("help"), now) == Command("help")
    assert understand(message("status pa-1009"), now) == Command("status", "PA-1009")
    assert understand(message("help desk chairs"), now) == Answer(field(), "help desk chairs")
    assert understand(message("please do not stop"), now) == Answer(field(), "please do not stop")


def test_a_start_phrase_opens_a_flow_with_the_rest_of_the_message() -> None:
    assert understand(message("Purchase\nvendor: Sample Traders"), world()) == Start("purchase", "vendor: Sample Traders")
    assert understand(message("purchase of a chair?"), world()) == Unknown("nothing")


def test_a_tap_is_its_token_and_nothing_else() -> None:
    tapped = Tapped("decide", "run1", "approval", 1, "approve", {})
    now = world(approval(1), approval(2), tapped=tapped)
    tap = message("Approve", kind=EventKind.TAP, payload="t")
    assert understand(tap, now) == Decide("run1", "approval", 1, "approve", "token")
    assert understand(tap, world(approval(1))) == Unknown("stale_tap")
    assert understand(replace(tap, forwarded=True), now) == Unknown("stale_tap")
    assert understand(tap, world(approval(1), tapped=tapped, taps_decide=False)) == Unknown("stale_tap")
    assert understand(tap, world(tapped=Tapped("menu", "", "", 0, "", {}))) == Tap(Tapped("menu", "", "", 0, "", {}))


def test_a_quoted_prompt_decides_for_its_own_run() -> None:
    now = world(approval(1), approval(2), quoted=Quoted("run2", "approval", 1))
    assert understand(message("approve"), now) == Decide("run2", "approval", 1, "approve", "quote")
    assert understand(message("2"), now) == Decide("run2", "approval", 1, "reject", "quote")
    assert understand(message("yes but later"), now) == Unknown("ask_again", (approval(2),))


def test_a_quoted_prompt_of_an_earlier_attempt_decides_nothing() -> None:
    reopened = approval(1, attempt=2)
    now = world(reopened, quoted=Quoted("run1", "approval", 1))
    assert understand(message("approve"), now) == Unknown("ask_again", (reopened,))


def test_the_only_open_question_takes_an_exact_choice_and_asks_again_for_anything_else() -> None:
    now = world(approval())
    assert understand(message("Approve."), now) == Decide("run1", "approval", 1, "approve", "only")
    assert understand(message("मंज़ूर"), now) == Decide("run1", "approval", 1, "approve", "only")
    for unsure in ("ok", "approve it tomorrow", "yes", "approve?", "not approve", "👍"):
        assert understand(message(unsure), now) == Unknown("ask_again", (approval(),))


def test_a_reference_in_the_text_does_not_decide_while_two_are_open() -> None:
    now = world(approval(1), approval(2))
    assert understand(message("approve PA-1001"), now) == Unknown("ask_again", (approval(1),))


def test_answers_may_use_the_focus_but_decisions_never() -> None:
    now = world(approval(1), field(9), focus="run9")
    assert understand(message("Sample Traders"), now) == Answer(field(9), "Sample Traders")
    assert understand(message("approve"), replace(now, focus="run1")) == Unknown("which", (approval(1), field(9)))


def test_a_message_older_than_the_question_never_answers_it() -> None:
    early = ASKED - timedelta(minutes=1)
    assert understand(message("approve", sent_at=early), world(approval())) == Unknown("before", (approval(),))
    assert understand(message("approve", sent_at=ASKED), world(approval())) == Decide("run1", "approval", 1, "approve", "only")


def test_mail_never_approves_and_reports_only_as_a_reply_to_our_mail() -> None:
    receipt = Question("run3", "PA-1003", "goods_receipt", 1, Wants.DECISION, ASKED, (("received", ("All received",)),))
    quoted = Quoted("run3", "goods_receipt", 1)
    assert understand(message("all received"), world(receipt, by_mail=True, quoted=quoted)) == Decide(
        "run3", "goods_receipt", 1, "received", "quote"
    )
    assert understand(message("all received"), world(receipt, by_mail=True)) == Unknown("not_by_mail", (receipt,))
    by_mail = world(approval(1), by_mail=True, quoted=Quoted("run1", "approval", 1))
    assert understand(message("approve"), by_mail) == Unknown("not_by_mail", (approval(1),))
    not_allowed = replace(receipt, by_mail=False)
    assert understand(message("all received"), world(not_allowed, by_mail=True, quoted=quoted)) == Unknown(
        "not_by_mail", (not_allowed,)
    )


def test_the_reason_we_asked_for_belongs_to_the_tap_before_it() -> None:
    now = world(approval(1), approval(2), expecting=Expecting("run2", "approval", 1, "reject"))
    assert understand(message("Too dear"), now) == Decide("run2", "approval", 1, "reject", "reason", "Too dear")
    assert understand(message("mine"), now) == Command("mine")


def test_files_go_to_the_question_that_waits_for_them() -> None:
    photo = message("", media=(Media("u", "image/jpeg"),))
    assert understand(photo, world(approval(), documents(5))) == Document(documents(5))
    assert understand(photo, world(documents(5), documents(6))) == Unknown("which", (documents(5), documents(6)))
    assert understand(photo, world(documents(5), documents(6), focus="run6")) == Document(documents(6))
    assert understand(replace(photo, text="quote for PA-1005"), world(documents(5), documents(6))).question == documents(5)


def test_nothing_open_and_nothing_said() -> None:
    assert understand(message("hmm"), world()) == Unknown("nothing")
    assert understand(message("   "), world(approval())) == Unknown("empty", (approval(),))


# --- the property: no free text without token or quote decides while two questions are open -----------------------------

_words = st.sampled_from(
    ["approve", "Approve", "reject", "1", "2", "3", "yes", "ok", "मंज़ूर", "send back", "approve PA-1001", "PA-1002 approve", "Approve.",
     "all", "approve both", "submit"]
)  # fmt: skip
_texts = _words | st.text(max_size=40)
_questions = st.lists(st.integers(1, 4), min_size=2, max_size=4, unique=True).map(lambda ns: tuple(approval(n) for n in ns))


def decides_nothing(text: str, questions: tuple[Question, ...], focus: str, extra: tuple[Question, ...]) -> bool:
    intent = understand(message(text), world(*questions, *extra, focus=focus))
    return not isinstance(intent, Decide)


@given(
    text=_texts,
    questions=_questions,
    focus=st.sampled_from(["", "run1", "run2", "run9"]),
    extra=st.sampled_from([(), (field(),)]),
)
def test_no_free_text_decides_while_two_questions_are_open(
    text: str, questions: tuple[Question, ...], focus: str, extra: tuple[Question, ...]
) -> None:
    assert decides_nothing(text, questions, focus, extra)


def test_the_property_catches_a_planted_bug_that_picks_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = intents._words

    def newest(inbound: Inbound, now: Situation, text: str) -> intents.Intent:
        latest = max(now.questions, key=lambda q: q.asked_at, default=None)
        return intents._reply(inbound, now, latest, text, "only") if latest else honest(inbound, now, text)

    monkeypatch.setattr(intents, "_words", newest)
    assert not decides_nothing("approve", (approval(1), approval(2)), "", ())


def test_a_change_of_mind_is_no_reason() -> None:
    wait = Expecting("run1", "approval", 1, "reject", stage=2)
    now = world(approval(1), approval(2), expecting=wait)
    assert understand(message("too dear"), now) == Decide("run1", "approval", 1, "reject", "reason", "too dear", 2)
    assert understand(message("Approve"), now) == Unknown("which", (approval(1), approval(2)))
    assert understand(message("Approve"), world(approval(1), expecting=wait)) == Decide("run1", "approval", 1, "approve", "only")
    assert understand(message("too dear", forwarded=True), now) == Unknown("which", (approval(1), approval(2)))


def test_a_reason_by_mail_must_be_a_reply() -> None:
    report, wait = replace(approval(1), approval=False), Expecting("run1", "approval", 1, "reject")
    known = {"expecting": wait, "by_mail": True, "taps_decide": False}
    assert understand(message("broken"), world(report, **known)) == Unknown("ask_again", (report,))
    quoted = Quoted("run1", "approval", 1)
    reason = Decide("run1", "approval", 1, "reject", "reason", "broken")
    assert understand(message("broken"), world(report, quoted=quoted, **known)) == reason
    elsewhere = Quoted("run2", "approval", 1)
    assert understand(message("broken"), world(report, quoted=elsewhere, **known)) == Unknown("closed")


def test_a_reference_alone_picks_and_answers_nothing() -> None:
    pick = Tap(Tapped("pick", "run9", "request", 1, "", {}))
    assert understand(message("pa-1009"), world(field(), approval(1))) == pick
    assert understand(message("PA-7777"), world(field(), references={"PA-7777": "run7"}.get)) == Command("status", "PA-7777")


def test_a_quote_names_the_stage_that_it_showed() -> None:
    second = replace(approval(1), stage=1)
    assert understand(message("approve"), world(second)) == Decide("run1", "approval", 1, "approve", "only", stage=1)
    quoted = Quoted("run1", "approval", 1, stage=0)
    assert understand(message("approve"), world(second, quoted=quoted)) == Decide("run1", "approval", 1, "approve", "quote")
    tapped = Tapped("decide", "run1", "approval", 1, "approve", {"stage": "1"})
    tap = message("Approve", kind=EventKind.TAP, payload="t")
    assert understand(tap, world(second, tapped=tapped)) == Decide("run1", "approval", 1, "approve", "token", stage=1)
