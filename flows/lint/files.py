"""Several flow files at once: each by itself, then what they say about each other and about the flows beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.lint.checks import check_draft, in_order
from flows.lint.family import of_drafts, starting
from flows.reading.draft import Draft, read
from flows.reading.source import Problem


def problems_of_files(texts: Mapping[str, str], beside: Mapping[str, str]) -> list[Problem]:
    """Every problem of the flow files `texts` (file to content), file by file. Those `beside` them are only looked into for the
    flows that they start, and for flows that start them."""
    drafts = {file: read(text, file) for file, text in texts.items()}
    found = {file: check_draft(draft) for file, draft in drafts.items()}
    sound = {file: draft for file, draft in drafts.items() if isinstance(draft, Draft) and not _broken(found[file])}
    looking = any(not draft.flow.start.phrases or any(starting(draft.flow)) for draft in sound.values())
    around = {file: draft for file, text in beside.items() if (draft := _readable(text, file))} if looking else {}
    for problem in (*_twice(sound), *of_drafts(around | sound), *_never_begun(sound, around)):
        if problem.file in found:
            found[problem.file].append(problem)
    return [problem for problems in found.values() for problem in sorted(problems, key=in_order)]


def beside(files: list[Path], shipped: Path) -> dict[str, str]:
    """The other flow files in the folders of these, and those that are shipped, as file to content. Raises OSError."""
    folders = dict.fromkeys((*(file.parent for file in files), shipped))
    given = {file.resolve() for file in files}
    others = [file for folder in folders for file in sorted(folder.glob("*.yaml")) if file.resolve() not in given]
    return {str(file): file.read_bytes().decode("utf-8", errors="replace") for file in others}


def _broken(problems: list[Problem]) -> bool:
    return any(problem.error for problem in problems)


def _readable(text: str, file: str) -> Draft | None:
    draft = read(text, file)
    return draft if isinstance(draft, Draft) and not _broken(draft.source.problems) else None


def _twice(drafts: Mapping[str, Draft]) -> Iterator[Problem]:
    """Flows of one name in two of the files that are checked."""
    first: dict[str, str] = {}
    for file, draft in drafts.items():
        name = draft.flow.id
        if first.setdefault(name, file) != file:
            place = draft.source.defined["flow"][name]
            yield Problem(file, place, f"The flow `{name}` is in {first[name]} already.", "Rename one of the two.")


def _never_begun(drafts: Mapping[str, Draft], around: Mapping[str, Draft]) -> Iterator[Problem]:
    """Flows without start phrases that no other flow starts."""
    begun = {step.flow for draft in (*drafts.values(), *around.values()) for step in starting(draft.flow)}
    for file, draft in drafts.items():
        flow = draft.flow
        if not flow.start.phrases and flow.id not in begun:
            hint = "Add `start` with phrases, or start it from a `subflow` or `each` of another flow."
            yield Problem(file, draft.source.defined["flow"][flow.id], "Nobody ever starts this flow.", hint, error=False)
