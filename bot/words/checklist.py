"""The words for checklists: how one stands, what is still needed, what became of each document, and what expires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from bot.words.catalogue import Translate, translator
from bot.words.scene import Scene
from flows import Flow, Run, Say
from flows.checklist import Checklist, Standing
from flows.engine import checklist
from flows.errors import RuleError
from flows.model import Collect, Step
from flows.parse import show


def standing(flow: Flow, run: Run, step: Collect, language: str, today: date) -> str:
    """`3 of 5 - still need Quotes (2 more), Specification`, or `5 of 5` where nothing is missing. "" where the rules cannot tell."""
    try:
        return _standing(flow, checklist(flow, run, None, step, today), language)
    except RuleError:
        return ""


def _standing(flow: Flow, found: Checklist, language: str) -> str:
    t = translator(language)
    count = t("{done} of {total}").format(done=found.done, total=found.total)
    lapsed = {item.name: 1 for item in found.items if item.standing is Standing.EXPIRED}
    needed = still_needed(flow, lapsed | found.short, language)
    return t("{count} - still need {wanted}").format(count=count, wanted=needed) if needed else count


def still_needed(flow: Flow, short: Mapping[str, int], language: str) -> str:
    """`Quotes (2 more), Specification`."""
    return ", ".join(_more(translator(language), title(flow, item, language), count) for item, count in short.items())


def title(flow: Flow, item: str, language: str) -> str:
    """What an item is called."""
    return flow.documents[item].title.text(language) if item in flow.documents else item


def _more(t: Translate, name: str, count: int) -> str:
    return t("{title} ({count} more)").format(title=name, count=count) if count > 1 else name


def collect(effect: Say, step: Step | None, scene: Scene) -> str:
    """What their last document has filled, and what is still needed."""
    heading = scene.t("{reference} · documents").format(reference=scene.run.reference)
    return "\n".join([heading, *thanks(effect, scene), wanted(effect, step, scene)])


def thanks(effect: Say, scene: Scene) -> list[str]:
    """A line that says what the file just sent is taken for."""
    filled = effect.details.get("filled", "")
    return [scene.t("Thank you, this is {title}.").format(title=title(scene.flow, filled, scene.language))] if filled else []


def wanted(effect: Say, step: Step | None, scene: Scene) -> str:
    """`Please send: Quotes (2 more), Specification. A photo or a PDF is enough.`, with how far it is once something is there."""
    t = scene.t
    parts = (part.partition(":") for part in effect.details.get("missing", "").split(",") if part)
    short = {name: int(count or 1) for name, _, count in parts}
    if not short:
        items = getattr(step, "items", ()) if not effect.choices else ()
        everything = ", ".join(title(scene.flow, item, scene.language) for item in items)
        words = (
            t("Please send: {wanted}. A photo or a PDF is enough.")
            if items
            else t("Nothing is missing. Tap Submit, or send more.")
        )
        return words.format(wanted=everything)
    needed = _begun(step, scene)
    if needed:
        return t("{standing}. A photo or a PDF is enough.").format(standing=needed)
    needed = still_needed(scene.flow, short, scene.language)
    return t("Please send: {wanted}. A photo or a PDF is enough.").format(wanted=needed)


def _begun(step: Step | None, scene: Scene) -> str:
    """How the checklist stands once something of it is done; "" before."""
    if not isinstance(step, Collect):
        return ""
    try:
        found = checklist(scene.flow, scene.run, None, step, _today(scene))
    except RuleError:
        return ""
    return _standing(scene.flow, found, scene.language) if found.done else ""


def _today(scene: Scene) -> date:
    return scene.now.astimezone(ZoneInfo(scene.zone)).date()


def checked(effect: Say, step: Step | None, scene: Scene) -> str:
    """To whoever checks documents: which; and to everybody concerned what was said of them."""
    names = ", ".join(title(scene.flow, item, scene.language) for item in effect.details["items"].split(",") if item)
    reference, told = scene.run.reference, effect.details.get("told", "")
    if not told:
        return _to_check(names, scene)
    mine = effect.details.get("by") == effect.to
    text = _told(scene.t, told, mine).format(
        reference=reference, titles=names, name=scene.names(effect.details.get("by", "")), reason=effect.details.get("reason", "")
    )
    return text


def _to_check(names: str, scene: Scene) -> str:
    t = scene.t
    lines = [
        t("{reference} · please check these documents: {titles}."),
        t("To reject one you can also write “reject {reference}”, its name and why."),
    ]
    return "\n".join(lines).format(reference=scene.run.reference, titles=names)


def _told(t: Translate, told: str, mine: bool) -> str:
    match told:
        case "checking":
            return t("{reference}: thank you, all documents are there. They are being checked now.")
        case "added":
            return t("{reference}: thank you, this is {titles}. It is being checked.")
        case "accepted":
            return (
                t("Thank you. {reference}: you accepted {titles}.")
                if mine
                else t("{reference}: {titles} accepted by {name}. Thank you.")
            )
        case "rejected" if mine:
            return t("Thank you. {reference}: you rejected {titles}. It is asked for again.")
        case "rejected":
            return t("{reference}: {name} did not accept {titles}.\nReason: {reason}")
        case "waived" if mine:
            return t("Thank you. {reference}: {titles} is not needed any more.")
    return t("{reference}: {titles} is not needed any more, says {name}.\nReason: {reason}")


def expiry(effect: Say, step: Step | None, scene: Scene) -> str:
    """Which documents expire when, or have; and that the run waits for them."""
    dates = effect.details["until"].split(",")
    items = zip(effect.details["items"].split(","), dates, strict=False)
    lines = [_expires(title(scene.flow, item, scene.language), until, scene) for item, until in items]
    if waits := effect.details.get("waits"):
        held = scene.flow.step(waits).title.text(scene.language)
        lines.append(scene.t("{title} waits until a valid one is here.").format(title=held))
    return "\n".join([scene.run.reference, *lines])


def _expires(name: str, until: str, scene: Scene) -> str:
    if not until:
        return scene.t("{title} is not valid any more. A new one is needed.").format(title=name)
    day = date.fromisoformat(until)
    if day < _today(scene):
        words = scene.t("{title} expired on {day}. A new one is needed.")
    else:
        words = scene.t("{title} is valid until {day} only. Please renew it in time.")
    return words.format(title=name, day=show(day, None, scene.language))
