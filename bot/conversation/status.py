"""Where a run stands, in words: one line for lists, the whole for one run, and the reasons behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.conversation import checklist, family
from bot.conversation.turn import Turn
from bot.words import choice_label, moment, retold, span, summary
from bot.words.calling_off import titles
from bot.words.children import elsewhere
from bot.words.moments import amount
from bot.words.outcomes import outcome
from bot.words.scene import seen_by
from flows import SYSTEM, Flow, Run, StepState
from flows.court import courts
from flows.decided import BranchTaken
from flows.model import Step, Wait
from flows.run import Handover, Status, StepStatus
from storage import Loaded, OutboxRow, RunRow

Names = Callable[[str], str]


def line(turn: Turn, row: RunRow, names: Names) -> str:
    """`PA-1042 · Budget check · with Ravi since Mon 14:02 · due today 18:00 · 2 hours late`."""
    t = turn.t
    parts = [row.reference, turn.title(row)]
    version = turn.book.version(turn.unit, row.flow_version_id)
    step = version.flow.step(row.path) if row.path else None
    if step is not None:
        parts.append(step.title.text(turn.language))
    if isinstance(step, Wait) and row.due_at is not None and not row.blocked:
        return " · ".join(part for part in [*parts, _until(turn, row.due_at)] if part)
    owners = ", ".join(names(owner) for owner in row.owners)
    since = moment(row.opened_at, turn.now, turn.zone, turn.language)
    words = t("under way since {since}") if elsewhere(step) and not row.blocked else t("with {owners} since {since}")
    parts.append(words.format(owners=owners or t("nobody"), since=since))
    if row.blocked:
        parts.append(t("stopped"))
    if row.due_at is not None:
        parts.append(_due(turn, row.due_at))
    return " · ".join(part for part in parts if part)


def _due(turn: Turn, due_at: datetime) -> str:
    if due_at < turn.now:
        return turn.t("{span} late").format(span=span(turn.now - due_at, turn.language))
    return turn.t("due {when}").format(when=moment(due_at, turn.now, turn.zone, turn.language))


def _until(turn: Turn, moment_of_waking: datetime) -> str:
    return turn.t("waits until {when}").format(when=moment(moment_of_waking, turn.now, turn.zone, turn.language))


def where(turn: Turn, loaded: Loaded) -> str:
    """The whole of one run: what it is, each step's state, who has it, what is missing."""
    run, flow, t, names = loaded.run, turn.flow_of(loaded), turn.t, turn.names()
    lines = [f"{run.reference} · {flow.title.text(turn.language)}", summary(flow, run, turn.language)]
    if is_outsider(turn, run):
        return "\n".join([run.reference, *lines[1:], *(_state(turn, loaded, state, names) for state in _own(turn, run))])
    lines.append(
        t("Asked by {name}, {when}").format(
            name=names(run.requester), when=moment(run.started_at, turn.now, turn.zone, turn.language)
        )
    )
    if run.status is not Status.OPEN and run.ended_at is not None:
        ended = t("cancelled") if run.status is Status.CANCELLED else outcome(run.outcome, turn.language)
        lines.append(
            t("Ended: {outcome}, {when}").format(outcome=ended, when=moment(run.ended_at, turn.now, turn.zone, turn.language))
        )
    if run.cancelling is not None and run.status is Status.OPEN:
        being = t("Being cancelled by {name}. Still to undo: {titles}")
        left = titles(flow, run.cancelling.paths, turn.language)
        lines.append(being.format(name=names(run.cancelling.by), titles=left))
    lines += _courts(turn, run)
    lines += family.parent(turn, run)
    for state in _in_order(flow, run.steps.values()):
        lines += [_state(turn, loaded, state, names), *family.children(turn, run, state, lambda row: line(turn, row, names))]
    failed = turn.unit.outbox.undelivered(run.id)
    lines += [t("Not delivered to {name}: {problem}").format(name=names(m.contact_id), problem=trouble(turn, m)) for m in failed]
    return "\n".join(lines)


def _courts(turn: Turn, run: Run) -> list[str]:
    """Who had it, for how long: the three parts are its whole time. Nothing in its first minute."""
    spent = courts(run, turn.transitions.business.calendar, turn.now)
    us, them, closed = (amount(part, turn.language) for part in (spent.us, spent.them, spent.closed))
    known = spent.us + spent.them + spent.closed >= timedelta(minutes=1)
    return [turn.t("With us {us}, with others {them}, closed {closed}").format(us=us, them=them, closed=closed)] if known else []


def trouble(turn: Turn, message: OutboxRow) -> str:
    """Why a message is not delivered, as far as that is known."""
    unknown = turn.t("it is not known whether it arrived")
    return unknown if message.state == "unknown" else turn.t(message.problem)


def is_outsider(turn: Turn, run: Run) -> bool:
    """Somebody from outside the business (a party, or whom a field names), who sees only what was asked of them."""
    return turn.contact_id != run.requester and not turn.sender.contact.roles


def _own(turn: Turn, run: Run) -> list[StepState]:
    """The steps that this person owns or decided."""
    states = (*run.history, *run.steps.values())
    return [s for s in states if turn.contact_id in s.owners or any(v.by == turn.contact_id for v in s.votes)]


def _in_order(flow: Flow, states: Iterable[StepState]) -> list[StepState]:
    return sorted(states, key=lambda state: flow.places[state.path].number)


def _state(turn: Turn, loaded: Loaded, state: StepState, names: Names) -> str:
    t = turn.t
    step = turn.flow_of(loaded).step(state.path)
    title = step.title.text(turn.language)
    owners = ", ".join(names(owner) for owner in state.owners) or t("nobody")
    if isinstance(step, Wait) and state.status is StepStatus.OPEN and state.due_at is not None:
        until = _until(turn, state.due_at)
        either = t("{until}, or for {owners}").format(until=until, owners=owners) if state.owners else until
        return f"▸ {title}: {either}"
    if state.status is StepStatus.BLOCKED:
        return t("⚠ {title}: stopped, {reason} (with {owners})").format(
            title=title, reason=retold(state.reason, turn.language), owners=owners
        )
    if state.status is StepStatus.OPEN:
        since = moment(state.opened_at, turn.now, turn.zone, turn.language)
        text = t("▸ {title}: with {owners} since {since}").format(title=title, owners=owners, since=since)
        if elsewhere(step):
            text = f"▸ {title}: {family.count(turn, loaded.run, state)}"
        due = f", {_due(turn, state.due_at)}" if state.due_at is not None else ""
        return f"{text}{due}{checklist.beside(turn, loaded, state.path)}"
    by = ", ".join(names(vote.by) for vote in state.votes)
    done = f" ({by})" if by else ""
    mark = {StepStatus.DONE: "✓", StepStatus.CANCELLED: "–"}.get(state.status, "↩")
    return f"{mark} {title}{done}"


def reasons(turn: Turn, loaded: Loaded) -> list[str]:
    """Why it is where it is: the way each branch took with the rule and its values, and who holds the open step by which role."""
    run, flow, t, names = loaded.run, turn.flow_of(loaded), turn.t, turn.names()
    if is_outsider(turn, run):
        return [where(turn, loaded)]
    lines = [t("{reference} follows {title}, version {version}.").format(
        reference=run.reference, title=flow.title.text(turn.language), version=flow.version
    )]  # fmt: skip
    for row in turn.unit.runs.events(run.id):
        for fact in row.decided:
            if isinstance(fact, BranchTaken):
                title = flow.step(fact.path).title.text(turn.language)
                lines.append(
                    t("{title}: took “{case}” because {because}").format(
                        title=title, case=fact.case.replace("_", " "), because=_because(turn, flow, run, fact.because)
                    )
                )
    for state in run.open_steps():
        step = flow.step(state.path)
        owners = ", ".join(names(owner) for owner in state.owners) or t("nobody")
        if isinstance(step, Wait) and state.due_at is not None:
            owners = _until(turn, state.due_at)
        role = flow.roles[step.owner].text(turn.language) if step.owner in flow.roles else ""
        now = t("Now: {title}, {owners}") if isinstance(step, Wait) else t("Now: {title}, with {owners}")
        lines.append(now.format(title=step.title.text(turn.language), owners=owners))
        if role:
            lines.append(t("They hold the role {role}.").format(role=role))
        if state.status is StepStatus.BLOCKED:
            lines.append(t("It stopped because {reason}").format(reason=retold(state.reason, turn.language)))
    return lines


def _because(turn: Turn, flow: Flow, run: Run, because: str) -> str:
    """A rule with the values that it saw; without them where one is not for this reader."""
    hidden = (f for f in flow.fields.values() if not seen_by(f, run, turn.contact_id, turn.sender.contact.roles))
    if any(re.search(rf"\b{field.name} = ", because) for field in hidden):
        because = because.partition(" (")[0]
    return retold(because, turn.language)


def history(turn: Turn, loaded: Loaded) -> list[str]:
    """Each decision so far: who, what, when, why; what was handed over; and the comments."""
    run, flow, names = loaded.run, turn.flow_of(loaded), turn.names()
    if is_outsider(turn, run):
        return []
    handed = [
        _handed(turn, flow.step(s.path), given, names) for s in (*run.history, *run.steps.values()) for given in s.handovers
    ]
    said = [
        f"{names(r.by)} ({moment(r.at, turn.now, turn.zone, turn.language)}): “{retold(r.text, turn.language)}”"
        for r in run.remarks
    ]
    return [*(_vote(turn, flow.step(state.path), state, names) for state in _voted(run)), *handed, *said]


def _handed(turn: Turn, step: Step, given: Handover, names: Names) -> str:
    words = turn.t("{title}: {to} for {owner}, handed over by {by}, {when}")
    if given.by == SYSTEM:
        words = turn.t("{title}: {to} for {owner}, who is on leave, {when}")
    return words.format(
        title=step.title.text(turn.language), to=names(given.to), owner=names(given.owner), by=names(given.by),
        when=moment(given.at, turn.now, turn.zone, turn.language),
    )  # fmt: skip


def _voted(run: Run) -> list[StepState]:
    states = [state for state in (*run.history, *run.steps.values()) if state.votes]
    return sorted(states, key=lambda s: s.votes[0].at)


def _vote(turn: Turn, step: Step, state: StepState, names: Names) -> str:
    said = []
    for vote in state.votes:
        choice, when = choice_label(step, vote.choice, turn.language), moment(vote.at, turn.now, turn.zone, turn.language)
        who = turn.t("{name} for {owner}").format(name=names(vote.by), owner=names(vote.instead_of)) if vote.instead_of else ""
        said.append(
            f"{who or names(vote.by)}: {choice} ({when}){f' “{retold(vote.reason, turn.language)}”' if vote.reason else ''}"
        )
    return f"{step.title.text(turn.language)}: {'; '.join(said)}"
