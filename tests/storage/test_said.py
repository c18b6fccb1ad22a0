"""A sentence of the core comes back from storage with what it was made of, and goes with its subject's key."""

from __future__ import annotations

import pytest

from bot.words import retold
from flows import StepState
from flows.basics import Wording
from flows.decided import StepBlocked
from flows.run import Run, StepStatus
from flows.said import Said, either, sentence
from storage import coders
from storage.codec import decode_decided, decode_run, encode_event, encode_run
from storage.coders import coder
from storage.privacy import ERASED
from tests.storage.samples import ASHA, NOW, Vault, life

STORE = Wording({"en": "Store", "hi": "भंडार"})
REASON = sentence("Nobody holds the role {role}.", role=either([STORE, "Office"]))
ENGLISH = "Nobody holds the role Store or Office."


def blocked() -> Run:
    state = StepState("store_check", 1, owners=(), opened_at=NOW, status=StepStatus.BLOCKED, reason=REASON)
    return Run("r", "PA-1001", "test", 1, ASHA, NOW, steps={"store_check": state})


def read_back(*gone: str) -> str:
    return decode_run(encode_run(blocked(), Vault()), Vault(set(gone))).steps["store_check"].reason


def told_in_hindi(reason: str) -> bool:
    return "भंडार या Office की भूमिका" in retold(reason, "hi")


def test_a_stored_reason_is_still_told_in_the_readers_language() -> None:
    reason = read_back()
    assert reason == REASON == ENGLISH
    assert isinstance(reason, Said)
    assert told_in_hindi(reason)


def test_so_is_the_reason_in_the_history() -> None:
    fact = StepBlocked("store_check", 1, REASON, (), NOW)
    event, _ = life()[0]
    (read,) = decode_decided(encode_event(event, (fact,), Vault(), ASHA), Vault())
    assert read == fact
    assert isinstance(read, StepBlocked)
    assert told_in_hindi(read.reason)


def test_it_goes_with_its_subjects_key() -> None:
    assert read_back(ASHA) == ERASED


def test_a_codec_that_keeps_the_english_only_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: what was stored before sentences were."""
    monkeypatch.setattr(coders, "_text_in", coders._same)
    coder.cache_clear()
    try:
        reason = read_back()
    finally:
        coder.cache_clear()
    assert reason == ENGLISH
    assert not told_in_hindi(reason)


def test_what_was_stored_as_plain_text_before_is_read() -> None:
    assert coders._text_out("Nobody holds the role Store.", None) == "Nobody holds the role Store."
