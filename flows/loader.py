"""Flow files loaded for use: a `flows.model.Flow`, or every reason why not."""

from __future__ import annotations

from pathlib import Path

from flows.errors import FlowFileErrors
from flows.lint import check
from flows.model import Flow

TEMPLATES = Path(__file__).parent / "templates"


def load(source: Path | str, name: str = "", version: int = 1) -> Flow:
    """The flow in a file (a Path) or in a text (a str; `name` stands for the file in messages). `version` is the number under
    which it is published. Raises FlowFileErrors with all that is wrong, in the file's order; OSError where it cannot be read."""
    content, file = (source.read_bytes(), str(source)) if isinstance(source, Path) else (source, name or "<flow>")
    flow, problems = check(content, name or file, version)
    errors = tuple(problem.as_error() for problem in problems if problem.error)
    if errors or flow is None:
        raise FlowFileErrors(errors)
    return flow


def templates() -> dict[str, Path]:
    """The templates that Baton ships: flow name to file."""
    return {path.stem: path for path in sorted(TEMPLATES.glob("*.yaml"))}
