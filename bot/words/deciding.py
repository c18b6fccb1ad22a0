"""The words for what was decided, can still be taken back, was taken back or sent back, or waits for a second person."""

from __future__ import annotations

from bot.words.moments import moment
from bot.words.scene import Scene, choice_label, summary
from flows import SYSTEM, Say
from flows.model import Ask, Do, Step
from flows.parse import show


def decided(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    details = effect.details
    mine, theirs = {
        "approve": (t("Thank you. {reference}: you approved it."), t("{reference}: {name} approved it. Nothing more to do.")),
        "reject": (t("Thank you. {reference}: you rejected it."), t("{reference}: {name} rejected it. Nothing more to do.")),
        "send_back": (
            t("Thank you. {reference}: you sent it back for changes."),
            t("{reference}: {name} sent it back for changes. Nothing more to do."),
        ),
    }.get(
        details.get("choice", ""),
        (t("Thank you. {reference}: you said “{choice}”."), t("{reference}: {name} said “{choice}”. Nothing more to do.")),
    )
    text = mine if details.get("by") == effect.to else theirs
    choice = choice_label(step, details.get("choice", ""), scene.language)
    if text == mine and details.get("then"):
        then = t("Somebody else is asked to confirm it.")
        text = f"{text} {then}"
    return text.format(reference=scene.run.reference, choice=choice, name=scene.names(details.get("by", "")))


def sent_back(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    if changed := [scene.flow.fields[n] for n in effect.details.get("corrected", "").split(",") if n in scene.flow.fields]:
        now = [f"{f.title.text(scene.language)}: {show(scene.run.values[f.name], f, scene.language)}" for f in changed]
        heading = t("{reference} is changed. It now says:").format(reference=scene.run.reference)
        return "\n".join([heading, *now, t("Send more corrections, or tap Submit.")])
    by, reason = effect.details.get("by", ""), effect.details.get("reason", "")
    words = t("{reference}: you took it back.") if by == effect.to else t("{reference} came back for changes from {name}.")
    lines = [words.format(reference=scene.run.reference, name=scene.names(by))]
    if reason:
        lines.append(t("What they said: {reason}").format(reason=reason))
    if isinstance(step, Ask):
        lines.append(t("Send the corrections one a line, such as “Vendor: Sample Traders”, then tap Submit."))
    else:
        lines.append(t("Send what is missing, then tap Submit."))
    return "\n".join(lines)


def held(effect: Say, step: Step | None, scene: Scene) -> str:
    """What you decided, and for how long it can be undone."""
    t, choice = scene.t, effect.details["choice"]
    words = {
        "approve": t("{reference}: you approved it. It goes out in {seconds} seconds."),
        "reject": t("{reference}: you rejected it. It goes out in {seconds} seconds."),
        "send_back": t("{reference}: you sent it back for changes. It goes out in {seconds} seconds."),
    }.get(choice, t("{reference}: you said “{choice}”. It goes out in {seconds} seconds."))
    return words.format(
        reference=scene.run.reference, choice=choice_label(step, choice, scene.language), seconds=effect.details["seconds"]
    )


def undone(effect: Say, step: Step | None, scene: Scene) -> str:
    """Taken back by its maker, whose question follows; or it did not count, because somebody was first or they are asked no more."""
    t, details = scene.t, effect.details
    by = details.get("by", "")
    if details["because"] == "undone":
        words = t("{reference}: taken back, nothing went out. Please decide again.")
    elif details["because"] == "closed" and by not in ("", SYSTEM):
        words = t("{reference}: your “{choice}” did not count, since {name} acted before it went out. Nothing more to do.")
    else:
        words = t("{reference}: your “{choice}” did not count, since this no longer waits for you. Nothing more to do.")
    choice = choice_label(step, details["choice"], scene.language)
    return words.format(reference=scene.run.reference, choice=choice, name=scene.names(by) if by else "")


def withdrawn(effect: Say, step: Step | None, scene: Scene) -> str:
    """A request taken back by its requester, or a vote by who gave it."""
    t, by = scene.t, effect.details["by"]
    if "vote" not in effect.details:
        words = t("{reference}: {name} has withdrawn the request to change it. Nothing more to do.")
    elif effect.to == by:
        words = t("{reference}: your decision is taken back. Please decide again.")
    else:
        words = t("{reference}: {name} has taken their decision back, so nothing waits for you here now.")
    return words.format(reference=scene.run.reference, name=scene.names(by))


def confirm(effect: Say, step: Step | None, scene: Scene) -> str:
    """To the second person: what the first gave and reported."""
    t, details = scene.t, effect.details
    heading = t("{reference} · {title}: please check and confirm").format(
        reference=scene.run.reference, title=step.title.text(scene.language) if step else ""
    )
    reported = t("{name} reported: {choice}").format(
        name=scene.names(details["by"]), choice=choice_label(step, details["choice"], scene.language)
    )
    lines = [heading, summary(scene.flow, scene.run, scene.language), reported, *_given(step, scene)]
    if details.get("reason"):
        lines.append(t("Reason: {reason}").format(reason=details["reason"]))
    state = scene.run.steps.get(effect.path)
    if state is not None and state.due_at is not None:
        when = moment(state.due_at, scene.now, scene.zone, scene.language)
        lines.append(t("Please answer by {when}").format(when=when))
    return "\n".join(lines)


def _given(step: Step | None, scene: Scene) -> list[str]:
    """The values that the first person gave, a line each: who confirms them must see them."""
    fields = [scene.flow.fields[name] for name in step.fields if name in scene.run.values] if isinstance(step, Do) else []
    return [f"{f.title.text(scene.language)}: {show(scene.run.values[f.name], f, scene.language)}" for f in fields]
