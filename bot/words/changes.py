"""The words for how a run moves on: where it stands now, and what changed in who is asked for what."""

from __future__ import annotations

from bot.words.draft import Draft
from bot.words.moments import moment
from bot.words.scene import Scene
from flows import Say
from flows.model import Step, Wait


def progress(scene: Scene, acted: bool) -> Draft:
    """Where the run stands now, for somebody of whom nothing is asked; `acted`: it moved because of them."""
    t, run = scene.t, scene.run
    lines = [t("Thank you. {reference} goes on.") if acted else t("Good news: {reference} was approved.")]
    for state in run.open_steps():
        owners = ", ".join(scene.names(owner) for owner in state.owners) or t("nobody")
        step = scene.flow.step(state.path)
        title = step.title.text(scene.language)
        if isinstance(step, Wait) and not state.owners and state.due_at is not None:
            when = moment(state.due_at, scene.now, scene.zone)
            lines.append(t("Next: {title}, waits until {when}.").format(title=title, when=when))
            continue
        line = t("Next: {title}, with {owners}").format(title=title, owners=owners)
        due = t(", by {when}").format(when=moment(state.due_at, scene.now, scene.zone)) if state.due_at else ""
        lines.append(f"{line}{due}.")
    text = "\n".join(lines).format(reference=run.reference)
    return Draft(text, topic="progress", klass="notice", run_id=run.id)


def comment(effect: Say, step: Step | None, scene: Scene) -> str:
    return scene.t("{reference}: {name} says “{text}”").format(
        reference=scene.run.reference, name=scene.names(effect.details["by"]), text=effect.details["text"]
    )


def dropped(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    words = {
        "enough": t("{reference} · {title} is no longer needed from you: enough others are done. Nothing more to do."),
        "time": t("{reference} · {title} is no longer needed from you: the time is up. Nothing more to do."),
    }.get(effect.details["because"], t("{reference} · {title} is no longer needed from you: it has ended. Nothing more to do."))
    return words.format(reference=scene.run.reference, title=step.title.text(scene.language) if step else "")


def handed(effect: Say, step: Step | None, scene: Scene) -> str:
    """To the new owner, whose question follows; to the old one; to everybody else."""
    t, details = scene.t, effect.details
    if effect.to == details["to"]:
        words = t("{reference} · {title} waits for you now, in the place of {owner} (handed over by {by}).")
    elif effect.to == details["owner"]:
        words = t("{reference} · {title} was handed over to {to}. Nothing more to do.")
    else:
        words = t("{reference} · {title} was handed over from {owner} to {to}.")
    people = {who: scene.names(details[who]) for who in ("by", "owner", "to")}
    return words.format(reference=scene.run.reference, title=step.title.text(scene.language) if step else "", **people)
