"""Runs and events survive storage as they are; personal parts leave the text, and leave only gaps once their key is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args, get_type_hints

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import decided as told
from flows import events
from flows.decided import Decided
from flows.events import Event
from flows.run import Cancelling, Child, Filed, Handover, HeldChoice, Parent, Remark, Run, StepState, Vote, Waiver
from flows.values import Erased
from storage import coders
from storage.audit import agree
from storage.codec import DECIDED, EVENTS, SCHEMA, decode_decided, decode_event, decode_run, encode_event, encode_run, read_event
from storage.errors import NewerSchema
from storage.privacy import ERASED, PRIVATE
from tests.storage.samples import (
    ASHA,
    CALENDAR,
    MEERA,
    NOW,
    RAVI,
    SUBJECTS,
    VENDOR,
    Vault,
    decisions,
    folded,
    inputs,
    life,
    runs,
)  # fmt: skip

SAVED = Path(__file__).parent / "saved"
SECRETS = ("bad back", "sales@vendor", "dentist", "quote from")

owners = st.dictionaries(st.sampled_from(["reason", "vendor_email", "amount"]), st.sampled_from([ASHA, VENDOR]))


@given(runs, owners)
def test_a_run_comes_back_as_it_was(run: Run, subjects: dict[str, str]) -> None:
    assert decode_run(encode_run(run, Vault(), subjects), Vault()) == run


@given(inputs, decisions, owners)
@settings(max_examples=200)
def test_an_event_and_its_decisions_come_back_as_they_were(
    event: Event, decided: tuple[Decided, ...], subjects: dict[str, str]
) -> None:
    text = encode_event(event, decided, Vault(), ASHA, subjects)
    assert decode_event(text, Vault(), CALENDAR) == event
    assert decode_decided(text, Vault()) == decided


@given(runs, st.sets(st.sampled_from([ASHA, RAVI, MEERA, VENDOR])))
def test_erasing_leaves_gaps_and_changes_nothing_else(run: Run, gone: set[str]) -> None:
    """What is read after an erasure agrees with what was written wherever it is not erased, and can be stored again."""
    read = decode_run(encode_run(run, Vault(), SUBJECTS), Vault(gone))
    assert agree(run, read)
    assert decode_run(encode_run(read, Vault(), SUBJECTS), Vault()) == read


def test_every_kind_is_registered() -> None:
    commands = [
        kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    ]
    assert set(EVENTS.values()) == set(commands)
    assert set(DECIDED.values()) == set(get_args(Decided))


def test_facts_are_kept_but_for_the_calendar() -> None:
    event, decided = life()[0]
    _, facts = read_event(encode_event(event, decided, Vault(), ASHA), Vault())
    assert facts == {
        "people": {"head": [RAVI], "finance": [MEERA]},
        "calendar_digest": "digest",
        "numbers": {"PO": "PO-1"},
        "lookups": {"same_vendor_7d": 0},
        "participants": {"vendor": VENDOR},
    }


# --- what is personal ------------------------------------------------------------------------------------------------


def texts() -> Iterator[str]:
    yield encode_run(folded(life()), Vault(), SUBJECTS)
    for event, decided in life():
        yield encode_event(event, decided, Vault(), ASHA, SUBJECTS)


def in_clear() -> list[str]:
    return [secret for text in texts() for secret in SECRETS if secret in text]


def test_no_personal_part_stands_in_the_text() -> None:
    assert in_clear() == []


def test_the_same_look_finds_a_part_that_is_left_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: votes' reasons are forgotten in the list of what is personal."""
    monkeypatch.setattr(coders, "PRIVATE", {key: rule for key, rule in PRIVATE.items() if key != (Vote, "reason")})
    coders.coder.cache_clear()  # type: ignore[attr-defined]
    try:
        assert in_clear() == ["dentist"]
    finally:
        coders.coder.cache_clear()  # type: ignore[attr-defined]


def test_every_text_is_either_private_or_known_to_be_no_words_of_a_person() -> None:
    """A new attribute of type str fails here until somebody says which it is."""
    ids_and_keys = {
        "actor", "at", "attempt", "by", "case", "choice", "closed_by", "contact", "digest", "document", "flow", "id", "instead_of", "item",
        "block", "number", "outcome", "owner", "path", "reference", "requester", "run_id", "rung", "sent_back_by", "series", "to",
        "back_to", "diary", "proof", "returns_to", "run",
    }  # fmt: skip
    field_names = {
        (events.Skip, "name"),
        (told.FieldSkipped, "name"),
        (told.ValueSet, "name"),
        (told.ValueCleared, "name"),
        (told.ParticipantBound, "name"),
    }
    for kind in (
        Run,
        StepState,
        Vote,
        Filed,
        Remark,
        Handover,
        Waiver,
        HeldChoice,
        Cancelling,
        Parent,
        Child,
        *EVENTS.values(),
        *DECIDED.values(),
    ):
        hints = get_type_hints(kind, localns={"Calendar": object})
        words = {f.name for f in fields(kind) if hints[f.name] is str} - ids_and_keys
        unsaid = {(kind, name) for name in words} - set(PRIVATE) - field_names
        assert not unsaid


def read_by(*gone: str) -> Run:
    return decode_run(encode_run(folded(life()), Vault(), SUBJECTS), Vault(set(gone)))


def test_a_value_goes_with_its_subject_and_words_with_their_author() -> None:
    asha, vendor, ravi = read_by(ASHA), read_by(VENDOR), read_by(RAVI)
    assert (asha.values["reason"], asha.files[0].name) == (Erased(), ERASED)
    assert (vendor.values["reason"], vendor.values["vendor_email"]) == ("a chair for my bad back", Erased())
    assert [vote.reason for step in ravi.history for vote in step.votes] == [ERASED]
    assert [step.reason for step in ravi.history if step.path == "request"] == [""]
    assert asha.steps["request"].reason == "my dentist is cheaper"
    assert ravi.steps["request"].reason == ERASED, "the copy of the approver's words on the reopened step goes with them"
    assert asha.values["amount"] == vendor.values["amount"] == ravi.values["amount"]


def test_a_branch_s_reason_goes_with_every_subject_whose_value_it_quotes() -> None:
    taken = told.BranchTaken("b", "c", "reason.contains('bad') and vendor_email.endsWith('example')")
    text = encode_event(life()[1][0], (taken,), Vault(), RAVI, SUBJECTS)
    assert "bad" not in text
    assert decode_decided(text, Vault()) == (taken,)
    for gone in (ASHA, VENDOR):
        assert decode_decided(text, Vault({gone})) == (replace(taken, because=ERASED),)
    plain = told.BranchTaken("b", "c", "amount <= 10000 where amount is 8500")
    assert decode_decided(encode_event(life()[1][0], (plain,), Vault(), RAVI, SUBJECTS), Vault({ASHA, VENDOR})) == (plain,)


def test_what_the_system_did_is_sealed_under_the_requester() -> None:
    event = events.Finish(at=NOW, actor=events.SYSTEM, facts=life()[0][0].facts, path="po", attempt=1, name="PO for Asha.pdf")
    text = encode_event(event, (), Vault(), ASHA, {})
    assert decode_event(text, Vault({ASHA}), CALENDAR) == replace(event, name=ERASED)


def test_a_comment_goes_with_who_wrote_it() -> None:
    event = events.Comment(at=NOW, actor=RAVI, facts=life()[0][0].facts, text="my knee hurts")
    decided = (told.Commented(RAVI, "my knee hurts", NOW),)
    text = encode_event(event, decided, Vault(), ASHA)
    run = replace(folded(life()), remarks=(Remark(RAVI, "my knee hurts", NOW),))
    stored = encode_run(run, Vault(), SUBJECTS)
    assert "knee" not in text + stored
    assert decode_decided(text, Vault({ASHA})) == decided
    assert decode_decided(text, Vault({RAVI})) == (told.Commented(RAVI, ERASED, NOW),)
    assert decode_run(stored, Vault({ASHA})).remarks == run.remarks
    assert decode_run(stored, Vault({RAVI})).remarks == (Remark(RAVI, ERASED, NOW),)


# --- versions and refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, SCHEMA + 1))
def test_a_saved_file_of_every_version_stays_readable(version: int) -> None:
    assert decode_run((SAVED / f"run_v{version}.json").read_bytes(), Vault()) == folded(life())
    raws = (SAVED / f"events_v{version}.jsonl").read_bytes().splitlines()
    assert [(decode_event(raw, Vault(), CALENDAR), decode_decided(raw, Vault())) for raw in raws] == life()


def test_what_a_newer_baton_wrote_is_refused() -> None:
    raw: dict[str, Any] = orjson.loads(encode_run(folded(life()), Vault()))
    with pytest.raises(NewerSchema, match="upgrade Baton"):
        decode_run(orjson.dumps(raw | {"v": SCHEMA + 1}), Vault())


def test_an_attribute_added_later_takes_its_default_in_what_was_stored_before() -> None:
    raw: dict[str, Any] = orjson.loads(encode_run(folded(life()), Vault()))
    del raw["run"]["numbers"], raw["run"]["participants"]
    assert decode_run(orjson.dumps(raw), Vault()) == replace(folded(life()), numbers={}, participants={})


def test_what_has_its_default_is_not_written() -> None:
    raw: dict[str, Any] = orjson.loads(encode_run(folded(life()[:1]), Vault()))
    assert "outcome" not in raw["run"]
    assert "votes" not in raw["run"]["steps"]["request"]
    assert decode_run(orjson.dumps(raw), Vault()) == folded(life()[:1])


def test_times_are_kept_in_utc_and_naive_ones_refused() -> None:
    run = folded(life()[:1])
    india = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert encode_run(replace(run, started_at=india), Vault()) == encode_run(run, Vault())
    assert decode_run(encode_run(run, Vault()), Vault()).started_at.tzinfo is UTC
    with pytest.raises(ValueError, match="aware"):
        encode_run(replace(run, started_at=datetime(2026, 1, 1)), Vault())  # noqa: DTZ001
