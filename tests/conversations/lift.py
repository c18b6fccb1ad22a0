"""A flow with everything that guards a decision, and the office that uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conversations.conftest import MakeWorld
from tests.conversations.world import World

FLOW = """\
flow: lift-repair
prefix: LR
title: Lift repair
summary: "{place}"
start: {phrases: [lift repair]}
roles:
  department_head: Head
  finance: Finance
  director: Director
  committee: Committee
  store: Store
  purchase: Purchase
  manager: Manager
fields:
  place: {type: text, title: Place, ask: Which lift?}
  reading: {type: number, title: Reading, ask: What does the meter say?}
steps:
  - ask: request
    title: Request
    owner: requester
    due: 1bd
    fields: [place]
  - approve: head
    title: Head's word
    by: [department_head]
    due: 1bd
    send_back_to: request
  - approve: board
    title: Board
    by: [committee]
    policy: 2 of 3
    due: 1bd
  - do: meter
    title: Meter
    owner: purchase
    due: 1bd
    fields: [reading]
    instruction: Read the meter.
    confirm_by: department_head
    outcomes: {done: Done}
  - approve: payment
    title: Payment
    by: [finance]
    due: 1bd
    proof: PROOF
  - end: completed
    message: The lift at {place} runs again.
"""


def lift(new_world: MakeWorld, folder: Path, *, proof: str = "pin", **settings: Any) -> World:
    """A world in which Asha's request LR-1001 waits for the head's word."""
    folder.mkdir(exist_ok=True)
    (folder / "lift-repair.yaml").write_text(FLOW.replace("PROOF", proof))
    world = new_world(baton_flows=folder, **settings)
    asha = world.whatsapp()
    asha.says("lift repair")
    asha.says("Block B")
    assert world.open("LR-1001") == ["head"]
    return world


def up_to(world: World, step: str) -> World:
    """Everybody decides until LR-1001 waits at `step`."""
    hana, fay, dora, pia = (world.staff(name) for name in ("Hana", "Fay", "Dora", "Pia"))
    moves: dict[str, Any] = {
        "head": lambda: hana.taps("Approve", "LR-1001"),
        "board": lambda: (fay.taps("Approve", "LR-1001"), dora.taps("Approve", "LR-1001")),
        "meter": lambda: (pia.says("42"), pia.taps("Done"), hana.taps("Confirm")),
    }
    while (here := world.open("LR-1001")[0]) != step:
        moves[here]()
    return world
