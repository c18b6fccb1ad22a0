"""The words for a step that goes from one person to another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.words.catalogue import retold
from bot.words.moments import moment
from bot.words.scene import Scene, choice_label, summary
from flows import Say
from flows.model import Step

SO_FAR = 3
"""How many of the last decisions and comments the new owner is told."""


def handed(effect: Say, step: Step | None, scene: Scene) -> str:
    """To the new owner all they need; to who had it, and everybody else, who has it now. Declined: the same the other way round."""
    details = effect.details
    if "reason" in details:
        return _declined(effect, step, scene)
    t = scene.t
    if effect.to == details["to"]:
        words = t("{reference} · {title} waits for you now, in the place of {owner} (handed over by {by}).")
        return "\n".join([_filled(words, effect, step, scene), *_summary(effect, scene), t("Do you take it?")])
    if effect.to == details["owner"]:
        return _filled(t("{reference} · {title} was handed over to {to}. Nothing more to do."), effect, step, scene)
    return _filled(t("{reference} · {title} was handed over from {owner} to {to}."), effect, step, scene)


def untaken(effect: Say, step: Step | None, scene: Scene) -> str:
    """To a manager: the new owner has neither taken nor declined it."""
    t = scene.t
    told = t("Late: {reference} · {title} was handed over from {owner} to {to}, who has not taken it.")
    how = t("Tap Reassign, or write “reassign {reference} from {to} to NAME”.")
    return _filled(f"{told}\n{how}", effect, step, scene)


def _declined(effect: Say, step: Step | None, scene: Scene) -> str:
    t, details = scene.t, effect.details
    if effect.to == details["to"]:
        words = t("{reference} · {title} waits for you again: {by} declined it.")
    elif effect.to == details["by"]:
        words = t("{reference} · {title}: thank you, it goes back to {to}. Nothing more to do.")
    else:
        words = t("{reference} · {title}: {by} declined it, so it waits for {to} again.")
    return f"{_filled(words, effect, step, scene)}\n{t('Reason: {reason}').format(reason=details['reason'])}"


def _filled(words: str, effect: Say, step: Step | None, scene: Scene) -> str:
    people = {who: scene.names(effect.details[who]) for who in ("by", "owner", "to")}
    return words.format(reference=scene.run.reference, title=step.title.text(scene.language) if step else "", **people)


def _summary(effect: Say, scene: Scene) -> Iterator[str]:
    """What it is about, what was said so far, the documents, and by when."""
    t, run = scene.t, scene.run
    yield summary(scene.flow, run, scene.language)
    yield t("Asked by {name}").format(name=scene.names(run.requester))
    if said := sorted(_said(scene), key=lambda line: line[0])[-SO_FAR:]:
        yield t("So far:")
        yield from (f"· {text}" for _, text in said)
    if names := list(dict.fromkeys(filed.name for filed in run.files if filed.counts)):
        yield t("Documents: {names}").format(names=", ".join(names))
    state = run.steps.get(effect.path)
    if state is not None and state.due_at is not None:
        yield t("Please answer by {when}").format(when=moment(state.due_at, scene.now, scene.zone, scene.language))


def _said(scene: Scene) -> Iterator[tuple[datetime, str]]:
    """Every decision and comment, with when."""
    t = scene.t
    for state in (*scene.run.history, *scene.run.steps.values()):
        step = scene.flow.step(state.path)
        for vote in state.votes:
            line = t("{name}: {choice}").format(name=scene.names(vote.by), choice=choice_label(step, vote.choice, scene.language))
            yield vote.at, f"{line} ({retold(vote.reason, scene.language)})" if vote.reason else line
    for remark in scene.run.remarks:
        yield remark.at, t("{name}: “{text}”").format(name=scene.names(remark.by), text=retold(remark.text, scene.language))
