"""Flow files on disk: read once, each after the flows that it starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flows import Flow, FlowFileError, FlowFileErrors
from flows.lint.family import family, starting

Read = Callable[..., Flow]
_ID = re.compile(r"^flow:\s*[\"']?([\w-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FlowFile:
    """One flow file with what stands in it."""

    path: Path
    source: str
    flow: Flow


def read_file(path: Path, read: Read) -> FlowFile:
    """Raises flows.FlowFileErrors, OSError."""
    source = path.read_text(encoding="utf-8")
    return FlowFile(path, source, read(source, str(path)))


def read_folders(folders: Iterable[Path], read: Read) -> dict[str, FlowFile]:
    """The flow files of all folders by their flow's id; of two with the same id that of the later folder counts.

    Raises flows.FlowFileErrors, also where one folder has two."""
    found: dict[str, FlowFile] = {}
    for folder in folders:
        here: dict[str, FlowFile] = {}
        for path in sorted(folder.glob("*.yaml")):
            file = read_file(path, read)
            if other := here.get(file.flow.id):
                problem = f"`{other.path.name}` is the flow `{file.flow.id}` too."
                raise FlowFileErrors((FlowFileError(str(path), 1, 1, problem, "Give one of them another name."),))
            here[file.flow.id] = file
        found |= here
    return found


def with_children(path: Path, folders: Iterable[Path], read: Read) -> dict[str, FlowFile]:
    """The flow file at `path` and those of all flows that it starts, found beside it and in `folders`, by id."""
    first = read_file(path, read)
    known: dict[str, Path] = {}
    for folder in (*folders, path.parent):
        known |= {id: other for other in sorted(folder.glob("*.yaml")) if (id := flow_id(other))}
    found, wanted = {first.flow.id: first}, list(started(first.flow))
    while wanted:
        child = wanted.pop()
        if child not in found and child in known:
            found[child] = read_file(known[child], read)
            wanted += started(found[child].flow)
    return found


def flow_id(path: Path) -> str:
    """The flow's id, read without looking at the rest of the file; "" where there is none."""
    found = _ID.search(path.read_text(encoding="utf-8", errors="replace"))
    return found[1] if found else ""


def started(flow: Flow) -> tuple[str, ...]:
    """The flows that this one starts, each once."""
    return tuple(dict.fromkeys(step.flow for step in starting(flow)))


def children_first(files: Mapping[str, FlowFile]) -> list[FlowFile]:
    """Every file after those of the flows that it starts. Raises flows.FlowFileErrors where they do not fit together: one starts a
    flow that is not there, or gives it what it cannot hold, or they start each other in a circle."""
    if problems := family({str(file.path): file.flow for file in files.values()}):
        raise FlowFileErrors(tuple(problem.as_error() for problem in problems))
    ordered: dict[str, FlowFile] = {}
    for file in files.values():
        ordered |= {each.flow.id: each for each in _with_children(file, files)}
    return list(ordered.values())


def _with_children(file: FlowFile, files: Mapping[str, FlowFile]) -> Iterator[FlowFile]:
    for child in started(file.flow):
        yield from _with_children(files[child], files)
    yield file
