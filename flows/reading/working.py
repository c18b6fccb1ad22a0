"""The step kinds in which something is prepared for a person to take or confirm: worker and schedule."""

from __future__ import annotations

from datetime import time
from itertools import pairwise

from flows.model import Choice, Clock, Duration, Job, Schedule, Step, Wording, Worker
from flows.reading.deciding import Outcome, checks_of, leads, outcomes
from flows.reading.head import head_of
from flows.reading.leaves import one_of, using, whole_number, wording
from flows.reading.nodes import Node, Wrong
from flows.reading.source import Keys, Source, some
from flows.reading.times import clock_time, plain

CONFIRM = (Outcome(Choice("confirmed", Wording({"en": "Confirm", "hi": "पुष्टि करें"})), "", ""),)
OF_JOB = {Job.EXTRACT: ("documents", "fields"), Job.DRAFT: ("fields", "text"), Job.CHECK: ("checks",)}
"""The keys that each job needs; the others' are not for it."""

_DAY = 24 * 60


def worker(source: Source, keys: Keys) -> Step:
    head = head_of(source, keys, "worker")
    job = Job(keys.need("job", one_of(tuple(Job), "a worker's job"), Job.EXTRACT))
    found = Worker(
        **head,
        job=job,
        items=keys.may("documents", some(using("document")), ()),
        fields=keys.may("fields", some(using("drafted" if job is Job.DRAFT else "asked")), ()),
        text=keys.may("text", wording, None),
        checks=keys.may("checks", checks_of, ()),
        **leads(keys.may("outcomes", outcomes(head["id"]), CONFIRM)),
    )
    _check_job(source, keys, found)
    return found


def _check_job(source: Source, keys: Keys, step: Worker) -> None:
    """Each job has its own keys: those that it needs, and no others."""
    wanted = OF_JOB[step.job]
    for key in ("documents", "fields", "text", "checks"):
        if key in wanted and key not in keys:
            source.add(
                keys.place, f"The key `{key}` is missing in a worker whose job is {step.job}.", f"Add a line `{key}: ...`."
            )
        if key in keys and key not in wanted:
            hint = f"Its keys are: {', '.join(wanted)}."
            source.add(keys.place_of(key), f"A worker whose job is {step.job} has no {key}.", hint)
    if step.job is Job.DRAFT and len(step.fields) > 1:
        source.add(keys.place_of("fields"), "A draft is written into one field.", "Name the one text field that it fills.")
    if "checks" in keys and step.job is Job.CHECK and not step.checks:
        source.add(keys.place_of("checks"), "There is nothing to check.", "Name at least one of the file's `checks`.")


def schedule(source: Source, keys: Keys) -> Step:
    head = head_of(source, keys, "schedule")
    found = Schedule(
        **head,
        with_role=keys.need("with", using("role"), ""),
        at=keys.need("slots", _slots, ()),
        after=keys.need("after", plain, Duration(Clock.HOURS)),
        within=keys.need("within", plain, Duration(Clock.HOURS)),
        minutes=keys.may("minutes", whole_number(1, _DAY), 30),
        capacity=keys.may("capacity", whole_number(1, 1000), 1),
        date_field=keys.need("date", using("day"), ""),
        time_field=keys.need("time", using("time"), ""),
        place=keys.may("place", wording, None),
    )
    if found.after.clock is found.within.clock and found.after.amount >= found.within.amount > 0:
        source.add(keys.place_of("within"), "No slot lies between `after` and `within`.", "Make `within` the longer of the two.")
    for one, other in pairwise(found.at):
        if _minute(one) + found.minutes > _minute(other):
            problem = f"The slots {one:%H:%M} and {other:%H:%M} overlap: each takes {found.minutes} minutes."
            source.add(keys.place_of("slots"), problem, "Move them apart, or write fewer `minutes`.")
    return found


def _slots(source: Source, node: Node) -> tuple[time, ...]:
    slots = some(clock_time)(source, node)
    if any(later <= earlier for earlier, later in pairwise(slots)):
        raise Wrong(node.place, "The slots are not in order.", "Write them from early to late, each once.")
    return slots


def _minute(at: time) -> int:
    """Of the day."""
    return at.hour * 60 + at.minute
