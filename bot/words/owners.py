"""The words for whose it is: a step that waits in a pool, who took it, and who stands in for somebody on leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.words.catalogue import Translate
from bot.words.moments import moment
from bot.words.scene import Scene, summary
from flows import Say
from flows.engine.leave import CAPPED
from flows.engine.owners import FIELD
from flows.model import Step
from flows.parse import show
from storage import Leave


def pool(effect: Say, step: Step | None, scene: Scene) -> str:
    """To everybody who may take it: what it is about, and that one tap makes it theirs."""
    t, state = scene.t, scene.run.steps.get(effect.path)
    lines = [
        t("{reference} · {title}: for one of you.").format(reference=scene.run.reference, title=_title(step, scene)),
        summary(scene.flow, scene.run, scene.language),
    ]
    if state is not None and state.due_at is not None:
        lines.append(t("It is due {when}").format(when=moment(state.due_at, scene.now, scene.zone, scene.language)))
    return "\n".join([*lines, t("Whoever takes it is asked the rest.")])


def claimed(effect: Say, step: Step | None, scene: Scene) -> str:
    return scene.t("{reference} · {title}: {name} has taken it. Nothing more to do.").format(
        reference=scene.run.reference, title=_title(step, scene), name=scene.names(effect.details["by"])
    )


def covered(effect: Say, step: Step | None, scene: Scene) -> str:
    """To who stands in, right above what is asked; or to managers, where nobody may."""
    t, details = scene.t, effect.details
    about = {"reference": scene.run.reference, "title": _title(step, scene)}
    if "to" in details:
        return t("{reference} · {title} comes to you in the place of {owner}, who is on leave.").format(
            **about, owner=scene.names(details["owner"])
        )
    owners = ", ".join(scene.names(owner) for owner in details["owners"].split(","))
    words = t("{reference} · {title} waits for {owners}, on leave: nobody who covers may do this one.")
    if details["why"] == CAPPED:
        words = t("{reference} · {title} waits for {owners}, on leave: the amount is more than who covers may decide.")
    how = t("To give it to somebody: “reassign {reference} from NAME to NAME”.")
    return f"{words.format(**about, owners=owners)}\n{how.format(**about)}"


def outsider(effect: Say, step: Step, scene: Scene) -> bool:
    """Whether it goes to somebody from outside the business: a party of the run, or whom a field names."""
    named = step.owner.startswith(FIELD) and effect.to != scene.run.requester
    return named or effect.to in scene.run.participants.values()


# --- leave ------------------------------------------------------------------------------------------------------------


def on_leave(t: Translate, leave: Leave, cover: str, zone: str, language: str, now: datetime) -> str:
    """To who is on leave: till when, and who covers up to what."""
    if leave.starts_at <= now:
        line = t("You are on leave till {last}, that day included.")
    else:
        line = t("You are on leave from {first} till {last}, that day included.")
    covers = t("{cover} covers for you up to {most}.") if leave.most else t("{cover} covers for you.")
    days = line.format(first=_day(leave.starts_at, zone, language), last=last_day(leave, zone, language))
    return f"{days} {covers.format(cover=cover, most=show(leave.most, None, language) if leave.most else '')}"


def covers_now(t: Translate, leave: Leave, zone: str, language: str, now: datetime) -> str:
    """To who covers; `{name}` is left for who is on leave."""
    if leave.starts_at <= now:
        line = t("{name} is on leave till {last}, that day included. What is asked of them meanwhile comes to you.")
    else:
        line = t("{name} is on leave from {first} till {last}, that day included. What is asked of them then comes to you.")
    if leave.most:
        most = t("You cover up to {most}.")
        line = f"{line} {most}"
    slots = {"name": "{name}", "first": _day(leave.starts_at, zone, language), "last": last_day(leave, zone, language)}
    return line.format(**slots, most=show(leave.most, None, language) if leave.most else "")


def covers_no_longer(t: Translate) -> str:
    return t("{name} is back: you cover for them no longer. What came to you stays with you.")


def last_day(leave: Leave, zone: str, language: str) -> str:
    return _day(leave.ends_at - timedelta.resolution, zone, language)


def _day(at: datetime, zone: str, language: str) -> str:
    return show(at.astimezone(ZoneInfo(zone)).date(), None, language)


def _title(step: Step | None, scene: Scene) -> str:
    return step.title.text(scene.language) if step else ""
