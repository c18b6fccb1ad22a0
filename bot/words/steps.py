"""The words for what the engine wants said about a step, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.words.catalogue import Translate, translator
from bot.words.draft import Draft, Tap
from bot.words.moments import moment
from flows import Run, Say, Topic
from flows.model import Approve, Ask, Choice, Do, End, Flow, Notify, Step
from flows.parse import show
from flows.values import Erased


@dataclass(frozen=True, slots=True)
class Scene:
    """What the words need beside the effect: `names` gives a contact's name, times are told in `zone` as seen at `now`."""

    flow: Flow
    run: Run
    language: str
    zone: str
    now: datetime
    names: Callable[[str], str]

    @property
    def t(self) -> Translate:
        return translator(self.language)


class _Slots(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def summary(flow: Flow, run: Run, language: str = "en") -> str:
    """The run's one line: the flow's `summary` with the values known so far."""
    shown = {
        name: show(value, flow.fields.get(name), language) for name, value in run.values.items() if not isinstance(value, Erased)
    }
    return flow.summary.text(language).format_map(_Slots(shown))


def say(effect: Say, scene: Scene) -> Draft:
    """The draft for one `Say`, its choices as buttons."""
    step = None if not effect.path else scene.flow.step(effect.path)
    text = _TEXTS[effect.topic](effect, step, scene)
    reminding = effect.topic in (Topic.REMINDER, Topic.OVERDUE, Topic.ESCALATION)
    return Draft(
        text,
        topic=effect.topic.value,
        klass="reminder" if reminding else "notice" if effect.topic in (Topic.NOTICE, Topic.BLOCKED) else "prompt",
        taps=tuple(_tap(choice, effect, scene) for choice in effect.choices),
        attach=effect.attach,
        run_id=scene.run.id,
        path=effect.path,
        attempt=effect.attempt,
        subject=f"{scene.run.reference}: {scene.flow.title.text(scene.language)}",
    )


def _tap(choice: Choice, effect: Say, scene: Scene) -> Tap:
    purpose = "answer" if effect.topic is Topic.QUESTION else "decide"
    if choice.key in ("retry", "cancel") and effect.topic is Topic.BLOCKED:
        purpose = choice.key
    data = {"field": effect.asks} if effect.asks else {}
    return Tap(choice.label.text(scene.language), purpose, choice.key, scene.run.id, effect.path, effect.attempt, data)


def progress(scene: Scene, acted: bool) -> Draft:
    """Where the run stands now, for somebody of whom nothing is asked; `acted`: it moved because of them."""
    t, run = scene.t, scene.run
    lines = [t("Thank you. {reference} goes on.") if acted else t("Good news: {reference} was approved.")]
    for state in run.open_steps():
        owners = ", ".join(scene.names(owner) for owner in state.owners) or t("nobody")
        title = scene.flow.step(state.path).title.text(scene.language)
        line = t("Next: {title}, with {owners}").format(title=title, owners=owners)
        due = t(", by {when}").format(when=moment(state.due_at, scene.now, scene.zone)) if state.due_at else ""
        lines.append(f"{line}{due}.")
    text = "\n".join(lines).format(reference=run.reference)
    return Draft(text, topic="progress", klass="notice", run_id=run.id)


# --- one function per topic -------------------------------------------------------------------------------------------

Text = Callable[[Say, Step | None, Scene], str]


def _receipt(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    return t("{reference} · {title}\nThank you, your request is recorded. I will tell you here how it goes.").format(
        reference=scene.run.reference, title=scene.flow.title.text(scene.language)
    )


def _question(effect: Say, step: Step | None, scene: Scene) -> str:
    field = scene.flow.fields[effect.asks]
    heading = scene.run.reference
    if isinstance(step, Ask):
        asked = [name for name in step.fields if not scene.flow.fields[name].formula]
        heading = scene.t("{reference} · question {number} of {count}").format(
            reference=heading, number=asked.index(effect.asks) + 1, count=len(asked)
        )
    return f"{heading}\n{field.ask.text(scene.language)}"


def _collect(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    items = [scene.flow.documents[name] for name in getattr(step, "items", ()) if name in scene.flow.documents]
    titles = ", ".join(item.title.text(scene.language) for item in items)
    missing = effect.details.get("missing", "")
    wanted = ", ".join(_item_words(part, scene) for part in missing.split(",") if part) or titles
    return t("{reference} · documents\nPlease send: {wanted}. A photo or a PDF in this chat is enough.").format(
        reference=scene.run.reference, wanted=wanted
    )


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
    instruction = step.instruction.text(scene.language).format_map(_values(scene)) if isinstance(step, Do) else ""
    heading = f"{scene.run.reference} · {step.title.text(scene.language)}" if step else scene.run.reference
    return "\n".join([heading, instruction, *_facts(scene, effect.path, outsider=effect.to in scene.run.participants.values())])


def _notice(effect: Say, step: Step | None, scene: Scene) -> str:
    if effect.details.get("added"):
        return scene.t("{reference}: added to the documents, thank you.").format(reference=scene.run.reference)
    body = step.message.text(scene.language) if isinstance(step, Notify) else effect.details.get("text", "")
    return f"{scene.run.reference}\n{body.format_map(_values(scene))}"


def _values(scene: Scene) -> _Slots:
    shown = {n: show(v, scene.flow.fields.get(n), scene.language) for n, v in scene.run.values.items()}
    return _Slots(shown | {"reference": scene.run.reference, **dict(scene.run.numbers)})


def _outcome(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    if isinstance(step, End):
        return f"{scene.run.reference}\n{step.message.text(scene.language).format_map(_values(scene))}"
    reason = effect.details.get("reason", "")
    who = scene.names(effect.details["by"]) if effect.details.get("by") else ""
    text = t("{reference} was {outcome} by {name}.") if who else t("{reference} has ended: {outcome}.")
    text = text.format(reference=scene.run.reference, outcome=t(scene.run.outcome), name=who)
    return f"{text}\n{t('Reason: {reason}').format(reason=reason)}" if reason else text


def _decided(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    details = effect.details
    words = {"approve": t("approved"), "reject": t("rejected"), "send_back": t("sent back for changes")}
    choice = words.get(details.get("choice", ""), "")
    if not choice and isinstance(step, Do):
        labels = {c.key: c.label.text(scene.language) for c in step.outcomes}
        choice = "“" + labels.get(details.get("choice", ""), details.get("choice", "")) + "”"
    if details.get("by") == effect.to:
        text = (
            t("Thank you. {reference}: you said {choice}.")
            if choice.startswith("“")
            else t("Thank you. {reference}: you {choice} it.")
        )
    else:
        text = (
            t("{reference}: {name} said {choice}.")
            if choice.startswith("“")
            else t("{reference}: {name} {choice} it. Nothing more to do.")
        )
    return text.format(reference=scene.run.reference, choice=choice, name=scene.names(details.get("by", "")))


def _sent_back(effect: Say, step: Step | None, scene: Scene) -> str:
    t = scene.t
    lines = [
        t("{reference} came back for changes from {name}.").format(
            reference=scene.run.reference, name=scene.names(effect.details.get("by", ""))
        ),
        t("What they said: {reason}").format(reason=effect.details.get("reason", "")),
    ]
    if isinstance(step, Ask):
        lines.append(t("Send the corrections one a line, such as “Vendor: Sharma Traders”, then tap Submit."))
    else:
        lines.append(t("Send what is missing, then tap Submit."))
    return "\n".join(lines)


def _reminder(effect: Say, step: Step | None, scene: Scene) -> str:
    state = scene.run.steps.get(effect.path)
    due = moment(state.due_at, scene.now, scene.zone) if state and state.due_at else ""
    text = scene.t("Reminder: {reference} · {title} waits for you, due {due}.").format(
        reference=scene.run.reference, title=step.title.text(scene.language) if step else "", due=due
    )
    return f"{text}\n{summary(scene.flow, scene.run, scene.language)}"


def _overdue(effect: Say, step: Step | None, scene: Scene) -> str:
    text = scene.t("{reference} · {title} is due now and waits for you.").format(
        reference=scene.run.reference, title=step.title.text(scene.language) if step else ""
    )
    return f"{text}\n{summary(scene.flow, scene.run, scene.language)}"


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
}
