"""What steps say about earlier ones: who acted there, which documents were gathered there, when they were done."""

from __future__ import annotations

from collections.abc import Iterator

from flows.model import Approve, Ask, Collect, Do, Flow, Generate, Job, Place, Schedule, Worker
from flows.reading.draft import Draft
from flows.reading.source import Source, Use

_ACTED = (Ask, Collect, Approve, Do, Worker, Schedule)


def check_order(draft: Draft) -> None:
    _check_not_by(draft)
    _check_needs(draft)
    _check_anchors(draft)
    _check_read(draft)
    _check_undoing(draft)


def _check_not_by(draft: Draft) -> None:
    """Who acted on an earlier step can be kept away; of a later one nobody knows."""
    places = draft.flow.places
    for step, use in draft.source.earlier:
        named, own = places.get(use.name), places.get(step)
        if named is None or own is None:
            continue
        if not isinstance(named.step, _ACTED):
            draft.source.add(use.place, f"Nobody acts on `{use.name}`.", _one_of(_acted_before(draft.flow, own)))
        elif named.number >= own.number:
            problem = f"`{use.name}` does not come before `{step}`."
            draft.source.add(use.place, problem, _one_of(_acted_before(draft.flow, own)))


def _acted_before(flow: Flow, own: Place) -> list[str]:
    return [place.step.id for place in flow.places.values() if place.number < own.number and isinstance(place.step, _ACTED)]


def _one_of(names: list[str]) -> str:
    return f"Write one of: {', '.join(names)}." if names else "Remove it: nobody acts before this step."


def _check_needs(draft: Draft) -> None:
    """A document that must still be valid has a date, and a step before that can ask for a newer one."""
    flow, source = draft.flow, draft.source
    for step, use in source.needs:
        document, own = flow.documents.get(use.name), flow.places.get(step)
        if document is None or own is None:
            continue
        if not document.expires:
            hint = f"Add `expires: ...` with a date field to the document `{use.name}`."
            source.add(use.place, f"It is not said until when `{use.name}` is valid.", hint)
        if not any(place.number < own.number for place in _gathering(flow, use.name)):
            hint = f"Add `{use.name}` to the `documents` of an earlier `collect` step."
            source.add(use.place, f"No `collect` step before `{step}` gathers `{use.name}`.", hint)


def _gathering(flow: Flow, item: str) -> Iterator[Place]:
    for place in flow.places.values():
        if isinstance(place.step, Collect) and item in place.step.items:
            yield place


def _check_anchors(draft: Draft) -> None:
    """What counts from a step stands after it."""
    source, flow = draft.source, draft.flow
    for use in source.uses:
        if use.kind == "anchor" and use.name in flow.places and use.name in source.names("step"):
            counting = _step_at(source, use)
            if counting in flow.places and flow.places[counting].number <= flow.places[use.name].number:
                hint = "Name an earlier step, or a date field."
                source.add(use.place, f"`{use.name}` does not come before `{counting}`.", hint)


def _step_at(source: Source, use: Use) -> str:
    """The step that a use stands in: the last one that began before it."""
    begun = [(place, name) for name, place in source.defined.get("step", {}).items() if place < use.place]
    return max(begun)[1] if begun else ""


def _check_read(draft: Draft) -> None:
    """What a worker reads was gathered or made before."""
    flow, source = draft.flow, draft.source
    for step in flow.walk():
        if isinstance(step, Worker) and step.job is Job.EXTRACT:
            number = flow.places[step.id].number
            for item in step.items:
                if item in flow.documents and not any(place.number < number for place in _coming(flow, item)):
                    problem = f"`{step.id}` reads `{item}`, which no step before it gathers or makes."
                    source.add(
                        source.defined["step"][step.id], problem, f"Add `{item}` to the `documents` of an earlier `collect` step."
                    )


def _coming(flow: Flow, item: str) -> Iterator[Place]:
    yield from _gathering(flow, item)
    yield from (place for place in flow.places.values() if isinstance(place.step, Generate) and place.step.output == item)


def _check_undoing(draft: Draft) -> None:
    """What undoes a step cannot end or send back a run that is being cancelled."""
    for step in draft.flow.walk():
        for undoing in step.compensate:
            if isinstance(undoing, Do) and undoing.ends:
                place = draft.source.defined["step"][undoing.id]
                hint = "Remove `ends`: after what undoes it the run ends as cancelled."
                draft.source.add(place, f"`{undoing.id}` cannot end a run that is being cancelled.", hint)
