"""Starting runs, answering questions, handing in documents."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from bot.conversation import slots
from bot.conversation.checklist import still_needed
from bot.conversation.decisions import ask_again
from bot.conversation.forms import Form, read_form
from bot.conversation.intents import Answer, Document, Start
from bot.conversation.known import Tapped
from bot.conversation.refusals import explain
from bot.conversation.situation import questions
from bot.conversation.turn import Turn
from bot.words import mistake
from flows import Event, Facts, Refused, Run, StepState, Value
from flows.engine import asking
from flows.engine.prompts import question
from flows.engine.words import SKIP
from flows.errors import InvalidValue
from flows.events import Give, Skip
from flows.model import Ask, Collect, Do, Field, Flow, Schedule, Wait, Worker
from flows.parse import parse
from prompts.words import normal
from storage import Loaded

FETCHABLE = ("image/", "application/pdf", "application/octet-stream")


def start(turn: Turn, intent: Start) -> None:
    """Open a run; what the same message already says is taken over, the rest is asked."""
    published = turn.book.started_by(intent.phrase)
    if published is None:
        return
    flow = published.flow
    if "anyone" not in flow.start.by and not set(flow.start.by) & set(turn.sender.contact.roles):
        who = ", ".join(flow.roles[r].text(turn.language) if r in flow.roles else r for r in flow.start.by)
        turn.reply(turn.t("Only these roles can start this: {who}. Please ask one of them.").format(who=who))
        return
    form = _opening(turn, flow, intent.rest)
    run = turn.transitions.begin(turn.unit, published, turn.contact_id, form.values, turn.now)
    turn.focus(run.id)
    _tell_problems(turn, form, run)


def _opening(turn: Turn, flow: Flow, rest: str) -> Form:
    first = flow.steps[0]
    if not rest or not isinstance(first, Ask):
        return Form({}, (), False)
    return read_form(flow, first.fields, rest, _today(turn), turn.language)


def _today(turn: Turn) -> date:
    return turn.now.astimezone(ZoneInfo(turn.zone)).date()


def _tell_problems(turn: Turn, form: Form, run: Run) -> None:
    for title, problem in form.problems:
        turn.reply(
            turn.t("{reference} · {title}: {problem}").format(reference=run.reference, title=title, problem=problem), run=run
        )


def answer(turn: Turn, intent: Answer) -> None:
    """A text for an open question: a value, corrections a line each, or words where a document is wanted."""
    question = intent.question
    loaded = turn.unit.runs.load(question.run_id)
    if loaded is None:
        return
    flow, run = turn.flow_of(loaded), loaded.run
    state, step = run.steps[question.path], flow.step(question.path)
    if isinstance(step, Collect) and asking(flow, run, state) is None and ":" not in intent.text:
        still_needed(turn, loaded, question, step)
        return
    if isinstance(step, Schedule):
        slots.typed(turn, loaded, state, step, intent.text)
        return
    if not isinstance(step, Ask | Collect | Do | Wait | Worker):
        return
    turn.focus(run.id)
    form = read_form(flow, step.fields, intent.text, _today(turn), turn.language)
    name = asking(flow, run, state)
    if form.labelled:
        _tell_problems(turn, form, run)
        give(turn, loaded, state, dict(form.values))
    elif name is not None and _skips(flow.fields[name], intent.text):
        _skip(turn, loaded, state, name)
    elif name is None:
        ask_again(turn, question, turn.t("I could not use that. Please write a label and a value, such as “Reason: ...”."))
    else:
        _one_value(turn, loaded, state, name, intent.text)


def _skips(field: Field, text: str) -> bool:
    """Whether the whole message is the Skip of an optional field's question: the word in any language, or its number there."""
    shown = question(field).choices
    return SKIP in shown and normal(text) in {
        str(len(shown)), *(normal(label) for label in SKIP.label.by_language.values())
    }  # fmt: skip


def _skip(turn: Turn, loaded: Loaded, state: StepState, name: str) -> None:
    def make(facts: Facts) -> Event:
        return Skip(at=turn.now, actor=turn.contact_id, facts=facts, path=state.path, attempt=state.attempt, name=name)

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal)


def _one_value(turn: Turn, loaded: Loaded, state: StepState, name: str, text: str) -> None:
    field = turn.flow_of(loaded).fields[name]
    try:
        value = parse(field, text, _today(turn), turn.language)
    except InvalidValue as error:
        lines = [loaded.run.reference, mistake(error, turn.language)]
        if turn.missed() >= 2:
            lines.append(turn.t("Write “help” to see what else you can do."))
        turn.reply("\n".join(lines), run=loaded.run, path=state.path, attempt=state.attempt)
        return
    give(turn, loaded, state, {name: value})


def give(turn: Turn, loaded: Loaded, state: StepState, values: dict[str, Value]) -> None:
    """Put values to the engine; a refusal is explained."""
    if not values:
        return

    def make(facts: Facts) -> Event:
        return Give(at=turn.now, actor=turn.contact_id, facts=facts, path=state.path, attempt=state.attempt, values=values)

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal)


def choose(turn: Turn, tapped: Tapped) -> None:
    """A tapped answer to a field question, or Skip."""
    loaded = turn.unit.runs.load(tapped.run_id)
    if loaded is None:
        return
    name = str(tapped.data.get("field", ""))
    state = loaded.run.steps.get(tapped.path)
    if state is None or state.attempt != tapped.attempt:
        explain(turn, loaded, Refused("closed"))
        return
    turn.focus(loaded.run.id)
    if tapped.choice == SKIP.key:
        _skip(turn, loaded, state, name)
    else:
        _one_value(turn, loaded, state, name, tapped.choice)


def document(turn: Turn, intent: Document) -> None:
    """Files for a checklist: fetched as work, so that a slow download holds up nothing else of this person's."""
    media = turn.inbound.media
    usable = [n for n, m in enumerate(media) if m.type.startswith(FETCHABLE)]
    if not usable:
        turn.missed()
        turn.reply(turn.t("I can take photos (JPEG, PNG, WebP) and PDFs only. Please send it as one of these."))
        return
    if intent.question is None:
        run_id = _recent_run(turn)
        if run_id is None:
            turn.missed()
            waiting = list(questions(turn.unit, turn.book, turn.contact_id))
            if len(waiting) == 1:
                ask_again(turn, waiting[0], turn.t("I cannot use a file here."))
                return
            turn.reply(turn.t("None of your requests waits for documents. Write “menu” to start a new request."))
            return
        path, attempt, run = "", 0, run_id
    else:
        path, attempt, run = intent.question.path, intent.question.attempt, intent.question.run_id
    turn.focus(run)
    for index in usable:
        details = {
            "inbox": turn.inbox_id, "index": index, "by": turn.contact_id, "address": turn.sender.address.id, "caption": intent.text[:200],
        }  # fmt: skip
        turn.unit.work.add(run, path, attempt, "fetch", details, turn.now)
    turn.unit.after_commit(turn.transitions.wakes.work)


def _recent_run(turn: Turn) -> str | None:
    """The run in focus, when it is this person's own and still open: a later file is added to its documents."""
    address = turn.sender.address
    if not address.focus_run or address.focus_until is None or address.focus_until <= turn.now:
        return None
    loaded = turn.unit.runs.load(address.focus_run)
    if loaded is None or loaded.run.requester != turn.contact_id or loaded.run.ended_at is not None:
        return None
    flow = turn.flow_of(loaded)
    states = (*loaded.run.history, *loaded.run.steps.values())  # a request sent back keeps its checklist in its history
    collected = any(isinstance(flow.step(state.path), Collect) for state in states)
    return loaded.run.id if collected else None
