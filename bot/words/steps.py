"""The words for what the engine wants said about a step, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.words.changes import comment, dropped, handed
from bot.words.draft import Draft, Tap
from bot.words.moments import moment
from bot.words.scene import Scene, choice_label, summary
from flows import Say, Topic
from flows.model import Approve, Ask, Choice, Collect, Do, End, Notify, Step, Wait
from flows.parse import show

JUST_NOW = timedelta(minutes=30)
"""So long after a moment it is still “now” in people's words."""
NOTICES = (Topic.NOTICE, Topic.BLOCKED, Topic.COMMENT, Topic.DROPPED, Topic.HANDED)


def say(effect: Say, scene: Scene) -> Draft:
    """The draft for one `Say`, its choices as buttons."""
    step = None if not effect.path else scene.flow.step(effect.path)
    text = _TEXTS[effect.topic](effect, step, scene)
    reminding = effect.topic in (Topic.REMINDER, Topic.OVERDUE, Topic.ESCALATION)
    return Draft(
        text,
        topic=effect.topic.value,
        klass="reminder" if reminding else "notice" if effect.topic in NOTICES else "prompt",
        taps=tuple(_tap(choice, effect, scene) for choice in effect.choices),
        attach=() if reminding else effect.attach,
        run_id=scene.run.id,
        path=effect.path,
        attempt=effect.attempt,
        subject=f"{scene.run.reference}: {scene.flow.title.text(scene.language)}",
        chat_only=effect.topic is Topic.BLOCKED
        or isinstance(step, Approve)
        or (isinstance(step, Do) and not step.by_mail and not effect.asks),
    )


def _tap(choice: Choice, effect: Say, scene: Scene) -> Tap:
    purpose = "answer" if effect.asks else "decide"
    if choice.key in ("retry", "cancel") and effect.topic is Topic.BLOCKED:
        purpose = choice.key
    data = {"field": effect.asks} if effect.asks else {}
    if "stage" in effect.details:
        data["stage"] = effect.details["stage"]
    return Tap(choice.label.text(scene.language), purpose, choice.key, scene.run.id, effect.path, effect.attempt, data)


# --- one function per topic -------------------------------------------------------------------------------------------

Text = Callable[[Say, Step | None, Scene], str]


def _receipt(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    return t("{reference} · {title}\nThank you, your request is recorded. I will tell you here how it goes.").format(
        reference=scene.run.reference, title=scene.flow.title.text(scene.language)
    )


def _question(effect: Say, step: Step | None, scene: Scene) -> str:
    field = scene.flow.fields[effect.asks]
    lines = [scene.run.reference]
    if isinstance(step, Ask | Do | Wait):
        asked = [name for name in step.fields if not scene.flow.fields[name].formula]
        number = asked.index(effect.asks) + 1
        lines = [scene.t("{reference} · question {number} of {count}").format(
            reference=scene.run.reference, number=number, count=len(asked)
        )]  # fmt: skip
        if isinstance(step, Do) and number == 1:
            lines = [_instructed(effect, step, scene), "", *lines]
    return "\n".join([*lines, field.ask.text(scene.language)])


def _collect(effect: Say, step: Step | None, scene: Scene) -> str:
    wanted = _wanted(effect, step, scene)
    return scene.t("{reference} · documents\nPlease send: {wanted}. A photo or a PDF is enough.").format(
        reference=scene.run.reference, wanted=wanted
    )


def _wanted(effect: Say, step: Step | None, scene: Scene) -> str:
    """`Quotes (2 more), Specification`: what is missing, else the whole checklist."""
    items = [scene.flow.documents[name] for name in getattr(step, "items", ()) if name in scene.flow.documents]
    missing = effect.details.get("missing", "")
    named = ", ".join(_item_words(part, scene) for part in missing.split(",") if part)
    return named or ", ".join(item.title.text(scene.language) for item in items)


def _item_words(part: str, scene: Scene) -> str:
    """`quotes:2` as "Quotes (2 more)"."""
    name, _, count = part.strip().partition(":")
    item = scene.flow.documents.get(name)
    title = item.title.text(scene.language) if item else name
    return scene.t("{title} ({count} more)").format(title=title, count=count) if count and count != "1" else title


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
        lines.append(t("Please answer by {when}").format(when=moment(state.due_at, scene.now, scene.zone)))
    return lines


def _inside_values(scene: Scene) -> list[str]:
    told = scene.flow.summary.text(scene.language)
    shown = ((scene.flow.fields[name], value) for name, value in scene.run.values.items() if name in scene.flow.fields)
    return [
        f"{field.title.text(scene.language)}: {show(value, field, scene.language)}"
        for field, value in shown
        if not field.personal and f"{{{field.name}}}" not in told
    ]


def _do(effect: Say, step: Step | None, scene: Scene) -> str:
    return _instructed(effect, step, scene) if isinstance(step, Do) else scene.run.reference


def _instructed(effect: Say, step: Do, scene: Scene) -> str:
    """What is to be done, on what."""
    instruction = step.instruction.text(scene.language).format_map(scene.values)
    heading = f"{scene.run.reference} · {step.title.text(scene.language)}"
    if effect.details.get("reason"):
        by = scene.names(effect.details.get("by", ""))
        came_back = scene.t("It came back from {name}: {reason}").format(name=by, reason=effect.details["reason"])
        instruction = f"{came_back}\n{instruction}"
    return "\n".join([heading, instruction, *_facts(scene, effect.path, outsider=effect.to in scene.run.participants.values())])


def _notice(effect: Say, step: Step | None, scene: Scene) -> str:
    if effect.details.get("added"):
        return scene.t("{reference}: added to the documents, thank you.").format(reference=scene.run.reference)
    body = step.message.text(scene.language) if isinstance(step, Notify) else effect.details.get("text", "")
    return f"{scene.run.reference}\n{body.format_map(scene.values)}"


def _outcome(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    if isinstance(step, End):
        return f"{scene.run.reference}\n{step.message.text(scene.language).format_map(scene.values)}"
    reason = effect.details.get("reason", "")
    who = scene.names(effect.details["by"]) if effect.details.get("by") else ""
    text = t("{reference} was {outcome} by {name}.") if who else t("{reference} has ended: {outcome}.")
    text = text.format(reference=scene.run.reference, outcome=t(scene.run.outcome), name=who)
    return f"{text}\n{t('Reason: {reason}').format(reason=reason)}" if reason else text


def _decided(effect: Say, step: Step | None, scene: Scene) -> str:
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
    return text.format(reference=scene.run.reference, choice=choice, name=scene.names(details.get("by", "")))


def _sent_back(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    if changed := [scene.flow.fields[n] for n in effect.details.get("corrected", "").split(",") if n in scene.flow.fields]:
        now = [f"{f.title.text(scene.language)}: {show(scene.run.values[f.name], f, scene.language)}" for f in changed]
        heading = t("{reference} is changed. It now says:").format(reference=scene.run.reference)
        return "\n".join([heading, *now, t("Send more corrections, or tap Submit.")])
    lines = [
        t("{reference} came back for changes from {name}.").format(
            reference=scene.run.reference, name=scene.names(effect.details.get("by", ""))
        ),
        t("What they said: {reason}").format(reason=effect.details.get("reason", "")),
    ]
    if isinstance(step, Ask):
        lines.append(t("Send the corrections one a line, such as “Vendor: Sample Traders”, then tap Submit."))
    else:
        lines.append(t("Send what is missing, then tap Submit."))
    return "\n".join(lines)


def _reminder(effect: Say, step: Step | None, scene: Scene) -> str:
    state = scene.run.steps.get(effect.path)
    due = moment(state.due_at, scene.now, scene.zone) if state and state.due_at else ""
    text = scene.t("Reminder: {reference} · {title} waits for you, due {due}.").format(
        reference=scene.run.reference, title=step.title.text(scene.language) if step else "", due=due
    )
    return f"{text}\n{_again(effect, step, scene)}"


def _again(effect: Say, step: Step | None, scene: Scene) -> str:
    """What is asked, in short: a reminder must make sense without the message it is about."""
    about = summary(scene.flow, scene.run, scene.language)
    if effect.asks:
        return f"{about}\n{scene.flow.fields[effect.asks].ask.text(scene.language)}"
    if isinstance(step, Collect) and effect.details.get("missing"):
        return f"{about}\n{scene.t('Please send: {wanted}.').format(wanted=_wanted(effect, step, scene))}"
    return about


def _overdue(effect: Say, step: Step | None, scene: Scene) -> str:
    state = scene.run.steps.get(effect.path)
    past = state is not None and state.due_at is not None and scene.now - state.due_at > JUST_NOW
    due = moment(state.due_at, scene.now, scene.zone) if state and state.due_at else ""
    words = scene.t("{reference} · {title} was due {due} and waits for you.") if past else scene.t(
        "{reference} · {title} is due now and waits for you."
    )  # fmt: skip
    text = words.format(reference=scene.run.reference, title=step.title.text(scene.language) if step else "", due=due)
    return f"{text}\n{_again(effect, step, scene)}"


def _escalation(effect: Say, step: Step | None, scene: Scene) -> str:
    state = scene.run.steps.get(effect.path)
    owners = ", ".join(scene.names(owner) for owner in state.owners) if state else ""
    due = moment(state.due_at, scene.now, scene.zone) if state and state.due_at else ""
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


def _cancelled(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    text = t("{reference} was cancelled by {name}. Nothing more to do.").format(
        reference=scene.run.reference, name=scene.names(effect.details.get("by", ""))
    )
    reason = effect.details.get("reason", "")
    return f"{text}\n{t('Reason: {reason}').format(reason=reason)}" if reason else text


_TEXTS: Mapping[Topic, Text] = {
    Topic.RECEIPT: _receipt,
    Topic.QUESTION: _question,
    Topic.COLLECT: _collect,
    Topic.APPROVE: _approve,
    Topic.DO: _do,
    Topic.NOTICE: _notice,
    Topic.OUTCOME: _outcome,
    Topic.DECIDED: _decided,
    Topic.SENT_BACK: _sent_back,
    Topic.REMINDER: _reminder,
    Topic.OVERDUE: _overdue,
    Topic.ESCALATION: _escalation,
    Topic.BLOCKED: _blocked,
    Topic.CANCELLED: _cancelled,
    Topic.COMMENT: comment,
    Topic.DROPPED: dropped,
    Topic.HANDED: handed,
}
