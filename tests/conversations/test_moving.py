"""`baton flow move`: a flow is edited while runs are under way; what can moves, what cannot stays and says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.flowfiles import read_folders
from bot.moving import Moving
from flows import SYSTEM
from flows.loader import load
from flows.move import Answer
from tests.conversations.conftest import MakeWorld
from tests.conversations.world import World

FLOW = """\
flow: key-request
prefix: KR
title: Key request
summary: "{door}"
start: {phrases: [key request]}
roles: {department_head: Head, finance: Finance, manager: Manager}
fields:
  door: {type: text, title: Door, ask: Which door?}
steps:
  - ask: request
    title: Request
    owner: requester
    due: 1bd
    fields: [door]
  - do: deposit
    title: Deposit
    owner: finance
    due: 8bh
    ladder: [50% owner, 100% owner, 125% manager]
    instruction: Take the deposit.
    outcomes: {taken: Taken}
  - approve: consent
    title: Consent
    by: [department_head]
    due: 4bh
  - end: handed
    message: Here is your key.
"""
QUICKER = FLOW.replace("due: 8bh", "due: 4bh").replace(
    "  - approve: consent", "  - do: copy\n    title: Copy\n    owner: finance\n    due: 1bd\n    instruction: Copy it.\n"
    "    outcomes: {copied: Copied}\n  - approve: consent",
)  # fmt: skip
WITHOUT_DEPOSIT = FLOW.replace(FLOW[FLOW.index("  - do: deposit") : FLOW.index("  - approve")], "")


def put(world: World, folder: Path, text: str) -> None:
    (folder / "key-request.yaml").write_text(text, encoding="utf-8")
    world.product.transitions.book.put(world.product.database, read_folders([folder], load), world.clock.now())


@pytest.fixture
def keys(new_world: MakeWorld, tmp_path: Path) -> tuple[World, Path]:
    """Two runs under way: one waits for the deposit, one for consent; and the folder with their flow."""
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "key-request.yaml").write_text(FLOW, encoding="utf-8")
    world = new_world(baton_flows=folder)
    asker = world.whatsapp()
    for door in ("Cellar", "Attic"):
        asker.says("key request")
        asker.says(door)
    world.staff("Fay").taps("Taken", "KR-1002")
    assert (world.open("KR-1001"), world.open("KR-1002")) == (["deposit"], ["consent"])
    return world, folder


def moving(world: World) -> Moving:
    return Moving(world.product.database, world.product.transitions, world.clock)


def test_what_can_moves_with_its_timers_and_goes_on_there(keys: tuple[World, Path]) -> None:
    world, folder = keys
    put(world, folder, QUICKER)
    due = world.run("KR-1001").steps["deposit"].due_at
    target = moving(world).target("key-request", None)
    told = moving(world).runs(target, apply=False)
    assert [(one.run.reference, one.verdict.answer, one.moved) for one in told] == [
        ("KR-1001", Answer.MOVES, False), ("KR-1002", Answer.MOVES, False),
    ]  # fmt: skip
    assert told[1].verdict.remarks == ("“Copy” comes earlier in the new version: this run has gone past it, so it is left out.",)
    assert world.run("KR-1001").flow_version == 1
    mia = moving(world).manager("Mia Manager")
    assert all(one.moved for one in moving(world).runs(target, apply=True, by=mia))
    run = world.run("KR-1001")
    assert run.flow_version == 2
    assert (run.steps["deposit"].due_at or due) < due  # type: ignore[operator]
    assert {row.rung: row.due for row in world.timers("KR-1001")}.get("100") in (None, run.steps["deposit"].due_at)
    assert run.steps["deposit"].due_at in {row.due for row in world.timers("KR-1001")}
    event = world.events("KR-1001")[-1]
    assert (event.kind, event.actor) == ("move", mia)
    with world.product.database.read() as unit:
        loaded = unit.runs.load(run.id)
    assert loaded is not None
    assert loaded.flow_version_id == target.id
    world.staff("Fay").taps("Taken", "KR-1001")
    assert world.open("KR-1001") == ["copy"], "a step that only the new version has"
    world.staff("Hana").taps("Approve", "KR-1002")
    assert world.run("KR-1002").outcome == "handed"
    world.whole()


def test_what_cannot_stays_where_it_is_and_what_stays_is_not_touched(keys: tuple[World, Path]) -> None:
    world, folder = keys
    put(world, folder, WITHOUT_DEPOSIT)
    target = moving(world).target("key-request", 2)
    before = world.run("KR-1001")
    told = moving(world).runs(target, apply=True)
    assert [(one.verdict.answer, one.verdict.step, one.moved) for one in told] == [(Answer.CANNOT, "deposit", False)] * 2
    assert world.run("KR-1001") == before
    world.whatsapp().says("key request")
    world.whatsapp().says("Gate")
    again = moving(world).runs(target, apply=True)
    assert [one.verdict.answer for one in again] == [Answer.CANNOT, Answer.CANNOT, Answer.STAYS]
    world.staff("Fay").taps("Taken", "KR-1001")
    assert world.open("KR-1001") == ["consent"], "on its own version it goes on as ever"


def test_the_command_says_it_in_words(keys: tuple[World, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    world, folder = keys
    put(world, folder, QUICKER)
    monkeypatch.setenv("BATON_HOME", str(world.settings.baton_home))
    monkeypatch.setenv("BATON_SIMULATOR", "0")

    def baton(*more: str) -> tuple[int, list[str]]:
        done = CliRunner().invoke(app, ["flow", "move", *more])
        return done.exit_code, done.output.splitlines()

    assert baton("key-request") == (0, [
        "KR-1001: can move from version 1 to 2",
        "KR-1002: can move from version 1 to 2",
        "  “Copy” comes earlier in the new version: this run has gone past it, so it is left out.",
        "key-request version 2, 2 open: 0 stays, 2 can move, 0 cannot move. Add --apply to move those that can.",
    ])  # fmt: skip
    code, said = baton("key-request", "--apply", "--by", "Mia Manager")
    assert (code, said[0], said[-1]) == (
        0, "KR-1001: moved to version 2", "key-request version 2, 2 open: 0 stays, 2 can move, 0 cannot move; 2 moved",
    )  # fmt: skip
    assert [world.run(f"KR-100{n}").flow_version for n in (1, 2)] == [2, 2]
    assert baton("key-request")[1][0] == "KR-1001: stays on version 2: It is on this version."
    assert baton("key-request", "--to", "1", "--apply")[1][0] == "KR-1001: moved to version 1", "and back again"
    assert world.events("KR-1001")[-1].actor == SYSTEM
    for wrong, problem in (
        (("nothing",), "no flow nothing is published"),
        (("key-request", "--to", "9"), "has no version 9"),
        (("key-request", "--by", "Fay Finance"), "no one manager called “Fay Finance”"),
    ):
        code, said = baton(*wrong)
        assert code == 2
        assert problem in " ".join(said)
