"""The words for what the engine wants said about a step, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from bot.words import calling_off, checklist, slots
from bot.words.catalogue import retold
from bot.words.changes import comment
from bot.words.children import elsewhere, slow
from bot.words.deciding import confirm, decided, held, sent_back, undone, withdrawn
from bot.words.draft import Draft, Tap
from bot.words.handing import handed, untaken
from bot.words.moments import moment
from bot.words.outcomes import outcome
from bot.words.owners import claimed, covered, outsider, pool
from bot.words.scene import Scene, summary
from bot.words.suggestions import suggested
from flows import Say, Topic
from flows.engine.words import CANCEL, REASSIGN, RETRY, UNDO
from flows.model import Approve, Ask, Choice, Collect, Do, End, Notify, Proof, Step, Wait, Worker
from flows.parse import show

JUST_NOW = timedelta(minutes=30)
"""So long after a moment it is still “now” in people's words."""
OWN_PURPOSE = (
    (Topic.BLOCKED, RETRY.key), (Topic.BLOCKED, CANCEL.key), (Topic.HELD, UNDO.key), (Topic.ESCALATION, REASSIGN.key),
)  # fmt: skip
"""Buttons that decide nothing: what they are for is in their key."""
NOTICES = (
    Topic.NOTICE, Topic.BLOCKED, Topic.COMMENT, Topic.DROPPED, Topic.HANDED, Topic.UNDONE, Topic.WITHDRAWN, Topic.CLAIMED, Topic.COVERED,
    Topic.BOOKED,
    Topic.EXPIRY,
    Topic.REVIEW,
)  # fmt: skip


def say(effect: Say, scene: Scene) -> Draft:
    """The draft for one `Say`, its choices as buttons."""
    step = None if not effect.path else scene.flow.step(effect.path)
    effect = replace(effect, details={name: retold(part, scene.language) for name, part in effect.details.items()})
    reminding = effect.topic in (Topic.REMINDER, Topic.OVERDUE, Topic.ESCALATION)
    text = slow(effect, step, scene) if reminding and step and elsewhere(step) else _TEXTS[effect.topic](effect, step, scene)
    return Draft(
        text,
        topic=effect.topic.value,
        klass="reminder" if reminding else "notice" if effect.topic in NOTICES or "told" in effect.details else "prompt",
        taps=tuple(_tap(choice, effect, scene) for choice in effect.choices),
        attach=() if reminding else effect.attach,
        run_id=scene.run.id,
        path=effect.path,
        attempt=effect.attempt,
        subject=f"{scene.run.reference}: {scene.flow.title.text(scene.language)}",
        chat_only=effect.topic in (Topic.BLOCKED, Topic.CONFIRM)
        or isinstance(step, Approve)
        or (effect.topic is Topic.CHECKLIST and bool(effect.choices))
        or (isinstance(step, Do) and not effect.asks and (step.proof is not Proof.NONE or not step.by_mail))
        or (isinstance(step, Worker) and not effect.asks),
    )


def _tap(choice: Choice, effect: Say, scene: Scene) -> Tap:
    purpose = "answer" if effect.asks else "decide"
    if (effect.topic, choice.key) in OWN_PURPOSE:
        purpose = choice.key
    data = {"field": effect.asks} if effect.asks else {}
    if "stage" in effect.details:
        data["stage"] = effect.details["stage"]
    if "untaken" in effect.details:
        data["owner"] = effect.details["untaken"]
    if slots.takes(choice):
        purpose = "book"
    return Tap(slots.label(choice, scene), purpose, choice.key, scene.run.id, effect.path, effect.attempt, data)


# --- one function per topic -------------------------------------------------------------------------------------------

Text = Callable[[Say, Step | None, Scene], str]


def _receipt(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    return t("{reference} · {title}\nThank you, your request is recorded. I will tell you here how it goes.").format(
        reference=scene.run.reference, title=scene.flow.title.text(scene.language)
    )


def _question(effect: Say, step: Step | None, scene: Scene) -> str:
    field = scene.flow.fields[effect.asks]
    lines = [scene.run.reference, *checklist.thanks(effect, scene)]
    if isinstance(step, Ask | Do | Wait | Worker):
        asked = [name for name in step.fields if not scene.flow.fields[name].formula]
        number = asked.index(effect.asks) + 1
        lines = [scene.t("{reference} · question {number} of {count}").format(
            reference=scene.run.reference, number=number, count=len(asked)
        )]  # fmt: skip
        if isinstance(step, Do) and number == 1:
            lines = [_instructed(effect, step, scene), "", *lines]
    return "\n".join([*lines, field.ask.text(scene.language).format_map(scene.values)])


def _approve(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    lines = [t("{reference} · your approval is needed").format(reference=scene.run.reference), *_facts(scene, effect.path)]
    warnings = [name for name in effect.details.get("warnings", "").split(",") if name]
    if isinstance(step, Approve):
        lines += [f"⚠ {check.message.text(scene.language)}" for check in step.checks if check.name in warnings]
    return "\n".join(lines)


def _facts(scene: Scene, path: str, *, outsider: bool = False) -> list[str]:
    """The summary, the values worth seeing, who asked, and by when. Somebody outside the business sees the summary only: cost
    centres and reasons are not their business."""
    t = scene.t
    lines = [summary(scene.flow, scene.run, scene.language)]
    if not outsider:
        lines += _inside_values(scene)
        lines.append(t("Asked by {name}").format(name=scene.names(scene.run.requester)))
    state = scene.run.steps.get(path)
    if state is not None and state.due_at is not None:
        lines.append(t("Please answer by {when}").format(when=moment(state.due_at, scene.now, scene.zone, scene.language)))
    return lines


def _inside_values(scene: Scene) -> list[str]:
    told = scene.flow.summary.text(scene.language)
    shown = ((scene.flow.fields[name], value) for name, value in scene.run.values.items() if name in scene.flow.fields)
    return [
        f"{field.title.text(scene.language)}: {show(value, field, scene.language)}"
        for field, value in shown
        if not field.personal and scene.shows(field) and f"{{{field.name}}}" not in told
    ]


def _do(effect: Say, step: Step | None, scene: Scene) -> str:
    return _instructed(effect, step, scene) if isinstance(step, Do) else scene.run.reference


def _instructed(effect: Say, step: Do, scene: Scene) -> str:
    """What is to be done, on what."""
    instruction = step.instruction.text(scene.language).format_map(scene.values)
    heading = "\n".join([f"{scene.run.reference} · {step.title.text(scene.language)}", *calling_off.to_undo(scene)])
    if effect.details.get("reason"):
        by = scene.names(effect.details.get("by", ""))
        came_back = scene.t("It came back from {name}: {reason}").format(name=by, reason=effect.details["reason"])
        instruction = f"{came_back}\n{instruction}"
    return "\n".join([heading, instruction, *_facts(scene, effect.path, outsider=outsider(effect, step, scene))])


def _notice(effect: Say, step: Step | None, scene: Scene) -> str:
    if effect.details.get("added"):
        return scene.t("{reference}: added to the documents, thank you.").format(reference=scene.run.reference)
    body = step.message.text(scene.language) if isinstance(step, Notify) else effect.details.get("text", "")
    return f"{scene.run.reference}\n{body.format_map(scene.values_then)}"


def _outcome(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    if isinstance(step, End):
        return f"{scene.run.reference}\n{step.message.text(scene.language).format_map(scene.values)}"
    reason = effect.details.get("reason", "")
    who = scene.names(effect.details["by"]) if effect.details.get("by") else ""
    text = t("{reference} was {outcome} by {name}.") if who else t("{reference} has ended: {outcome}.")
    text = text.format(reference=scene.run.reference, outcome=outcome(scene.run.outcome, scene.language), name=who)
    return f"{text}\n{t('Reason: {reason}').format(reason=reason)}" if reason else text


def _reminder(effect: Say, step: Step | None, scene: Scene) -> str:
    state = scene.run.steps.get(effect.path)
    due = moment(state.due_at, scene.now, scene.zone, scene.language) if state and state.due_at else ""
    text = scene.t("Reminder: {reference} · {title} waits for you, due {due}.").format(
        reference=scene.run.reference, title=step.title.text(scene.language) if step else "", due=due
    )
    return f"{text}\n{_again(effect, step, scene)}"


def _again(effect: Say, step: Step | None, scene: Scene) -> str:
    """What is asked, in short: a reminder must make sense without the message it is about."""
    about = summary(scene.flow, scene.run, scene.language)
    if effect.asks:
        asked = scene.flow.fields[effect.asks].ask.text(scene.language).format_map(scene.values)
        return f"{about}\n{asked}"
    if isinstance(step, Collect) and effect.details.get("missing"):
        return f"{about}\n{checklist.wanted(effect, step, scene)}"
    return about


def _overdue(effect: Say, step: Step | None, scene: Scene) -> str:
    state = scene.run.steps.get(effect.path)
    past = state is not None and state.due_at is not None and scene.now - state.due_at > JUST_NOW
    due = moment(state.due_at, scene.now, scene.zone, scene.language) if state and state.due_at else ""
    words = scene.t("{reference} · {title} was due {due} and waits for you.") if past else scene.t(
        "{reference} · {title} is due now and waits for you."
    )  # fmt: skip
    text = words.format(reference=scene.run.reference, title=step.title.text(scene.language) if step else "", due=due)
    return f"{text}\n{_again(effect, step, scene)}"


def _escalation(effect: Say, step: Step | None, scene: Scene) -> str:
    if "untaken" in effect.details:
        return untaken(effect, step, scene)
    state = scene.run.steps.get(effect.path)
    owners = ", ".join(scene.names(owner) for owner in state.owners) if state else ""
    due = moment(state.due_at, scene.now, scene.zone, scene.language) if state and state.due_at else ""
    return scene.t("Late: {reference} · {title} was due {due} and waits for {owners}.\n{summary}").format(
        reference=scene.run.reference, title=step.title.text(scene.language) if step else "", due=due, owners=owners,
        summary=summary(scene.flow, scene.run, scene.language),
    )  # fmt: skip


def _blocked(effect: Say, step: Step | None, scene: Scene) -> str:
    return scene.t("{reference} has stopped at {title}: {reason}\nMend the cause, then tap Try again.").format(
        reference=scene.run.reference,
        title=step.title.text(scene.language) if step else "",
        reason=effect.details.get("reason", ""),
    )


_TEXTS: Mapping[Topic, Text] = {
    Topic.RECEIPT: _receipt,
    Topic.QUESTION: _question,
    Topic.COLLECT: checklist.collect,
    Topic.CHECKLIST: checklist.checked,
    Topic.EXPIRY: checklist.expiry,
    Topic.APPROVE: _approve,
    Topic.DO: _do,
    Topic.NOTICE: _notice,
    Topic.OUTCOME: _outcome,
    Topic.DECIDED: decided,
    Topic.SENT_BACK: sent_back,
    Topic.REMINDER: _reminder,
    Topic.OVERDUE: _overdue,
    Topic.ESCALATION: _escalation,
    Topic.BLOCKED: _blocked,
    Topic.CANCELLED: calling_off.cancelled,
    Topic.COMMENT: comment,
    Topic.SLOTS: slots.slots,
    Topic.BOOKED: slots.booked,
    Topic.SUGGESTED: suggested,
    Topic.DROPPED: calling_off.dropped,
    Topic.HANDED: handed,
    Topic.POOL: pool,
    Topic.CLAIMED: claimed,
    Topic.COVERED: covered,
    Topic.REVIEW: calling_off.review,
    Topic.HELD: held,
    Topic.UNDONE: undone,
    Topic.WITHDRAWN: withdrawn,
    Topic.CONFIRM: confirm,
}
