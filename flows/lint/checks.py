"""All that is looked for in one flow file."""

from __future__ import annotations

from flows.lint.formulas import check_formulas
from flows.lint.loops import check_loops
from flows.lint.names import check_names, check_references, check_unused
from flows.lint.order import check_order
from flows.lint.rules import check_rules
from flows.lint.ways import check_ways
from flows.lint.words import check_buttons, check_languages, check_lengths, check_slots, check_start, check_summary
from flows.reading.draft import Draft
from flows.reading.source import Problem, Source

_ALWAYS = (check_references, check_buttons, check_start)
_OF_SOUND = (  # what was misread would only raise false alarms in these
    check_names,
    check_formulas,
    check_ways,
    check_loops,
    check_order,
    check_rules,
    check_slots,
    check_summary,
    check_languages,
    check_lengths,
    check_unused,
)


def check_draft(draft: Draft | Source) -> list[Problem]:
    """Every problem of a file as read, in the file's order."""
    if isinstance(draft, Source):
        return draft.problems
    sound = not draft.source.problems
    for look in _ALWAYS + (_OF_SOUND if sound else ()):
        look(draft)
    return sorted(set(draft.source.problems), key=in_order)


def in_order(problem: Problem) -> tuple[object, str]:
    return problem.place, problem.problem
