"""Transcripts of decisions that can be undone, are proven, handed over or confirmed by a second person; and `simulate` of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.calendars import business
from bot.forecast import forecast
from bot.rehearsal import play
from bot.rehearsal.reading import read_text
from flows.loader import load
from tests.conversations.lift import FLOW
from tests.flows.play import MONDAY

PEOPLE = """\
about: x
at: "2026-03-02 10:00"
UNDOpeople:
  asha: {name: Asha Asker}
  hana: {name: Hana Head, roles: [department_head, committee]}
  fay: {name: Fay Finance, roles: [finance, committee], pin: "4711"}
  pia: {name: Pia Purchase, roles: [purchase]}
turns:
  - asha says: lift repair
  - asha says: Block B
"""
TO_PAYMENT = """\
  - hana taps: Approve
  - hana taps: Approve
  - fay taps: Approve
  - pia says: 42
  - pia taps: Done
  - hana taps: Confirm
"""
UNDONE = """\
  - hana taps: Approve
    expect:
      hana: "you approved it. It goes out in 10 seconds. [Undo]"
      asha: nothing
  - hana taps: Undo
    expect: {hana: "taken back, nothing went out", asha: nothing}
    state: {step: head}
  - hana taps: Approve
  - clock: +1m
    expect: {asha: "Good news: LR-1001 was approved."}
    state: {step: board}
"""
PROVEN = """\
  - fay taps: Approve
    expect: {fay: please write your PIN}
    state: {step: payment}
  - fay says: "4711"
    expect: {fay: you approved it}
    state: {outcome: completed}
"""
CODED = """\
  - fay taps: Approve
    expect: {fay: ["your code is", please write the six digits]}
  - fay says: "123456"
    state: {step: payment}
  - fay says: (code)
    state: {outcome: completed}
"""


@pytest.mark.parametrize(
    ("undo", "proof", "turns"),
    [("10s", "pin", UNDONE), ("", "pin", TO_PAYMENT + PROVEN), ("", "code", TO_PAYMENT + CODED)],
    ids=["undo", "pin", "code"],
)
def test_a_transcript_plays_it(tmp_path: Path, undo: str, proof: str, turns: str) -> None:
    file = tmp_path / "lift-repair.yaml"
    file.write_text(FLOW.replace("PROOF", proof))
    flow = load(file)
    head = PEOPLE.replace("UNDO", f"undo: {undo}\n" if undo else "")
    script, problems = read_text(head + turns, "x.yaml", flow)
    assert script is not None, problems
    assert play(script, file, flow).failures == ()


@pytest.mark.parametrize("line", ["undo: soon\n", "undo: 10\n"])
def test_an_undo_that_is_no_time_is_told(tmp_path: Path, line: str) -> None:
    file = tmp_path / "lift-repair.yaml"
    file.write_text(FLOW.replace("PROOF", "pin"))
    script, problems = read_text(PEOPLE.replace("UNDO", line), "x.yaml", load(file))
    assert script is None
    assert [(problem.place.line, "10s" in problem.hint) for problem in problems] == [(3, True)]


def test_simulate_proves_and_confirms(tmp_path: Path) -> None:
    file = tmp_path / "lift-repair.yaml"
    file.write_text(FLOW.replace("PROOF", "pin"))
    own = business("Asia/Kolkata", "IN", "INR", date(2026, 3, 2))
    assert forecast(load(file), ["place=Block B"], MONDAY, own).outcome == "completed"
