"""The words for what is called off: a whole request, with what is undone first, and one step of it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.words.moments import moment
from bot.words.outcomes import outcome
from bot.words.scene import Scene
from flows import Say
from flows.model import Flow, Step


def cancelled(effect: Say, step: Step | None, scene: Scene) -> str:
    """At the end of a request; or, where something is undone before it ends, at the beginning of that."""
    t, details = scene.t, effect.details
    undone = [path for path in details.get("undo", "").split(",") if path]
    words = t("{reference} was cancelled by {name}. Nothing more to do.")
    if undone:
        words = t("{reference} is being cancelled by {name}. First this is undone: {titles}. I will tell you when that is done.")
    lines = [
        words.format(
            reference=scene.run.reference,
            name=scene.names(details.get("by", "")),
            titles=titles(scene.flow, undone, scene.language),
        )
    ]
    if reason := details.get("reason", ""):
        lines.append(t("Reason: {reason}").format(reason=reason))
    return "\n".join(lines)


def dropped(effect: Say, step: Step | None, scene: Scene) -> str:
    """One step is not needed any more. Why a manager said so is not for parties from outside."""
    t, details = scene.t, effect.details
    words = {
        "enough": t("{reference} · {title} is no longer needed from you: enough others are done. Nothing more to do."),
        "time": t("{reference} · {title} is no longer needed from you: the time is up. Nothing more to do."),
        "reached": t("{reference} · {title} is no longer needed from you: what it waited for is so now. Nothing more to do."),
        "dropped": t("{reference} · {title} is no longer needed from you: {name} took it out. Nothing more to do."),
    }.get(details["because"], t("{reference} · {title} is no longer needed from you: it has ended. Nothing more to do."))
    title = step.title.text(scene.language) if step else ""
    text = words.format(reference=scene.run.reference, title=title, name=scene.names(details.get("by", "")))
    reason = "" if effect.to in scene.run.participants.values() else details.get("reason", "")
    return "\n".join([text, *([t("Reason: {reason}").format(reason=reason)] if reason else [])])


def to_undo(scene: Scene) -> list[str]:
    """Said above what is asked of somebody while a cancelled request is undone."""
    if scene.run.cancelling is None:
        return []
    return [scene.t("{reference} is being cancelled, so this has to be undone.").format(reference=scene.run.reference)]


def titles(flow: Flow, paths: Iterable[str], language: str) -> str:
    return ", ".join(flow.step(path).title.text(language) for path in paths)


def review(effect: Say, step: Step | None, scene: Scene) -> str:
    """To managers, long after the end: the time to keep the personal values of this run is over."""
    return scene.t(
        "{reference} ended on {date} as “{outcome}”: the time to keep its personal data is over. Please check whether anything still needs it."
    ).format(
        reference=scene.run.reference,
        date=moment(scene.run.ended_at or scene.now, scene.now, scene.zone, scene.language),
        outcome=outcome(scene.run.outcome, scene.language),
    )
