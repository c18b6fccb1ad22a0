"""The errors of the flow core. FlowError is the root.

FlowError
├── FlowFileError   a flow file is wrong: where, what, and what to write instead
├── FlowFileErrors  all that is wrong in one flow file, in the file's order
├── RuleError       a rule could not be evaluated (a missing value): the engine fails closed
├── InvalidValue    a person's answer is not of the kind asked for: what is wrong, and what to write instead
└── Refused         an event does not apply to the run as it stands; nothing changed
"""

from __future__ import annotations

from collections.abc import Mapping


class FlowError(Exception):
    """Root of everything raised by `flows`."""


class FlowFileError(FlowError):
    """Printed as `file:line:column: what is wrong. Hint: what to write instead.` Lines and columns count from 1."""

    def __init__(self, file: str, line: int, column: int, problem: str, hint: str = "") -> None:
        self.file, self.line, self.column, self.problem, self.hint = file, line, column, problem, hint
        super().__init__(f"{file}:{line}:{column}: {problem}" + (f" Hint: {hint}" if hint else ""))


class FlowFileErrors(FlowError):
    """`problems` are never empty; printed one a line."""

    def __init__(self, problems: tuple[FlowFileError, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class RuleError(FlowError):
    """A rule met a missing or unusable value; the message names it."""


class InvalidValue(FlowError):
    """`problem` and `hint` are whole sentences for the person who answered."""

    def __init__(self, problem: str, hint: str) -> None:
        self.problem, self.hint = problem, hint
        super().__init__(f"{problem} {hint}")


class Refused(FlowError):
    """`code` says why, `details` fill the reply: `closed` (by, choice, at: who decided; all "" where nobody did), `run_over`
    (outcome), `blocked` (reason), `not_yours` (to: whom they gave it to, if they did), `own_request`, `already_voted`,
    `unknown_choice`, `reason_needed`, `invalid` (field, problem: a sentence to show), `unknown_item`, `duplicate`, `not_waiting`
    (not for this kind of event), `cannot_hold` and `already_holds` (person: to whom it cannot be given), `in_effect` (too late to undo),
    `cannot_withdraw`, `proof_needed` (proof: pin or code), `own_report` (what they reported themselves),
    `own_step` (they acted on a step that bars them), `claim_first` (it waits in a pool), `taken` (by: who took it out of the pool),
    `item_needed` (which document is meant), `own_papers` (documents that they give themselves), `not_given` and `waived` (item)."""

    def __init__(self, code: str, **details: str) -> None:
        self.code = code
        self.details: Mapping[str, str] = details
        super().__init__(code)
