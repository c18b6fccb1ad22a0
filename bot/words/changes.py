"""The words for how a run moves on: where it stands now, and what changed in who is asked for what."""

from __future__ import annotations

from bot.words.catalogue import plural
from bot.words.draft import Draft
from bot.words.moments import moment
from bot.words.scene import Scene
from flows import Say
from flows.model import Each, Step, Subflow, Wait
from flows.run import StepState, StepStatus


def progress(scene: Scene, acted: bool) -> Draft:
    """Where the run stands now, for somebody of whom nothing is asked; `acted`: it moved because of them."""
    t, run = scene.t, scene.run
    words = t("Thank you. {reference} goes on.") if acted else t("Good news: {reference} was approved.")
    lines = [words.format(reference=run.reference), *(_next(scene, state) for state in run.open_steps())]
    return Draft("\n".join(lines), topic="progress", klass="notice", run_id=run.id)


def _next(scene: Scene, state: StepState) -> str:
    """An open step: who has it or what it waits for, and by when."""
    t, step = scene.t, scene.flow.step(state.path)
    when = moment(state.due_at, scene.now, scene.zone, scene.language) if state.due_at is not None else ""
    owners = ", ".join(scene.names(owner) for owner in state.owners) or t("nobody")
    requests = ""
    if isinstance(step, Wait) and when and not state.owners:
        words = t("Next: {title}, waits until {when}.")
    elif isinstance(step, Subflow | Each) and state.status is StepStatus.OPEN:
        more = sum(not child.outcome for child in scene.run.children.get(state.path, ()))
        requests = plural(scene.language, "{count} other request", "{count} other requests", more)
        words = t("Next: {title}, waiting for {requests}, by {when}.") if when else t("Next: {title}, waiting for {requests}.")
    else:
        words = t("Next: {title}, with {owners}, by {when}.") if when else t("Next: {title}, with {owners}.")
    return words.format(title=step.title.text(scene.language), owners=owners, when=when, requests=requests)


def comment(effect: Say, step: Step | None, scene: Scene) -> str:
    return scene.t("{reference}: {name} says “{text}”").format(
        reference=scene.run.reference, name=scene.names(effect.details["by"]), text=effect.details["text"]
    )
