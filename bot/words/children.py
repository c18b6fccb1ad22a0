"""The words for a step that waits for other requests, when they take long: nobody acts there, so nobody is asked to."""

from __future__ import annotations

from bot.words.moments import moment
from bot.words.scene import Scene, summary
from flows import Say
from flows.model import Each, Step, Subflow


def elsewhere(step: Step | None) -> bool:
    """Whether the work of a step is done in other requests."""
    return isinstance(step, Subflow | Each)


def slow(effect: Say, step: Step, scene: Scene) -> str:
    """How far they have come, and by when all should have."""
    t, run = scene.t, scene.run
    state, started = run.steps.get(effect.path), run.children.get(effect.path, ())
    over, due_at = sum(bool(child.outcome) for child in started), state.due_at if state is not None else None
    words = t("{reference} · {title}: {over} of {all} requests are done. Write “status {reference}” to see them.")
    lines = [words.format(reference=run.reference, title=step.title.text(scene.language), over=over, all=len(started))]
    if due_at is not None:
        when = moment(due_at, scene.now, scene.zone, scene.language)
        lines.append((t("It is due {when}.") if due_at > scene.now else t("It was due {when}.")).format(when=when))
    return "\n".join([*lines, summary(scene.flow, run, scene.language)])
