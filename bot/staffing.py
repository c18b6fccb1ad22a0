"""Whether there is somebody behind the roles and addresses of flow files: `baton lint --people`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.owning import people, words
from flows.lint import Place, Problem
from flows.model import Approve, Flow, Policy
from flows.reading.draft import Draft, read
from storage import Database, Unit

_LIST = "Add them to the people list: `baton people import people.yaml`."


def unstaffed(database: Database, texts: Mapping[str, str], now: datetime) -> list[Problem]:
    """Warnings for flow files (name to content), each at the role or the step that nobody, or too few, of the business's people can
    fill. Files that cannot be read are left out."""
    drafts = [draft for file, text in texts.items() if isinstance(draft := read(text, file), Draft) and not draft.source.problems]
    with database.read() as unit:
        return [problem for draft in drafts for problem in _of(draft, unit, now)]


def _of(draft: Draft, unit: Unit, now: datetime) -> Iterator[Problem]:
    flow, source = draft.flow, draft.source
    found: Mapping[str, tuple[str, ...]] = people(unit, flow, flow.roles, words(flow), {}, "", now)["people"]
    for role in flow.roles:
        if not found.get(role):
            yield _warning(draft, source.defined["role"][role], f"Nobody holds the role `{role}`.", _LIST)
    for step, problem in (*_strangers(flow, found), *_too_few(flow, found)):
        yield _warning(draft, source.defined["step"][step], problem, _LIST)


def _strangers(flow: Flow, found: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Steps for somebody whose address nobody has."""
    for step in flow.walk():
        if step.owner.startswith("person:") and not found.get(step.owner):
            yield step.id, f"Nobody has the address {step.owner.removeprefix('person:')}."


def _too_few(flow: Flow, found: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Steps that so many must approve as there are not."""
    for step in flow.walk():
        if isinstance(step, Approve) and step.policy is Policy.N_OF_M:
            held = {person for role in step.approvers for person in found.get(role, ())}
            if 0 < len(held) < step.needed:
                yield step.id, f"`{step.id}` needs {step.needed} people, and {len(held)} could decide."


def _warning(draft: Draft, place: Place, problem: str, hint: str) -> Problem:
    return Problem(draft.source.file, place, problem, hint, error=False)
