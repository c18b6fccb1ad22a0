"""The engine: one pure function from a run and an event to the run that follows and what is to be done about it.

transition   one event being worked out: decided facts, folded at once, and effects
commands     what each event asks of the run, and who may
steps        going on: opening step after step until somebody must be waited for
ask · collect · approve · do · parallel · wait · automatic      one file per kind of step
listing · checking · expiry     a checklist: what it asks for, who says what is good, and what runs out
prompts      what the owners of an open step are asked, first time, again, and in reminders
owners · pool · leave     what an owner word means, one of many takes a step, who stands in for people on leave
delegate     a step given to somebody else
people · fields · scope · ending     who, which values, what rules see, how a run ends or goes back
"""

from __future__ import annotations

from flows.effects import Effect
from flows.engine.commands import handle
from flows.engine.deferral import defer
from flows.engine.listing import checklist, shortage
from flows.engine.prompts import asking, say_again
from flows.engine.scope import names
from flows.engine.steps import go_on
from flows.engine.transition import Transition
from flows.events import Begin, Event
from flows.model import Flow
from flows.run import Run

__all__ = ["advance", "asking", "checklist", "names", "say_again", "shortage"]


def advance(flow: Flow, run: Run | None, event: Event) -> tuple[Run, tuple[Effect, ...]]:
    """The run after `event`, and the effects in order: first the Record of what was decided, whose `flows.replay` over `run`
    gives the same snapshot. `run` is None for Begin, and only then (else ValueError).

    Raises Refused where the event does not apply; nothing changed then.
    """
    if (run is None) != isinstance(event, Begin):
        raise ValueError("a run begins with Begin, once")
    transition = Transition(flow, run, event)
    go_on(transition, handle(transition))
    defer(transition)
    return transition.result()
