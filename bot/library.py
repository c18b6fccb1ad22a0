"""The templates that ship: what there is, which of them are in force, and a copy of one to make one's own."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from errno import EEXIST
from functools import cache
from itertools import takewhile
from pathlib import Path

from bot.config import ConfigurationError, Settings
from bot.flowfiles import FlowFile, Read, flow_id, read_folders, started, with_children
from flows import Flow
from flows.loader import TEMPLATES, load, templates

FIRST = ("purchase-approval",)
"""In force where nobody says which: a business adds those that it wants."""
SHOWN = ("purchase-approval", "admissions-intake", "subcontractor-coordination", "vendor-follow-up")
"""In force on the simulator, so that there is something to try in four trades."""


@dataclass(frozen=True, slots=True)
class Template:
    """One template. `steps` and `documents` are English titles in file order; `part_of` names the templates that start it; `starts`
    is the phrase that begins it in a chat, "" where only other flows do; `transcripts` counts its tests."""

    name: str
    title: str
    industry: str
    about: str
    starts: str
    steps: tuple[str, ...]
    documents: tuple[str, ...]
    part_of: tuple[str, ...]
    transcripts: int


def library() -> list[Template]:
    """Every template that ships, by industry and name."""
    flows = {name: load(path) for name, path in templates().items()}
    found = [_described(name, path, flows) for name, path in templates().items()]
    return sorted(found, key=lambda template: (template.industry, template.name))


def _described(name: str, path: Path, flows: dict[str, Flow]) -> Template:
    flow = flows[name]
    comment = takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    about = " ".join(line.removeprefix("#").strip() for line in comment)
    return Template(
        name,
        flow.title.text(),
        flow.industry or "any",
        f"{about.partition('. ')[0].rstrip('.')}.",
        flow.start.phrases[0] if flow.start.phrases else "",
        tuple(step.title.text() for step in flow.walk()),
        tuple(item.title.text() for item in flow.documents.values()),
        tuple(other for other, starting in flows.items() if flow.id in started(starting)),
        len(list(_transcripts(path).glob("*.yaml"))),
    )


def as_json(found: list[Template]) -> list[dict[str, object]]:
    return [asdict(template) for template in found]


def as_text(found: list[Template]) -> str:
    """One line a template, by industry."""
    lines: list[str] = []
    for industry in dict.fromkeys(template.industry for template in found):
        lines.append(f"{industry}:")
        lines += [
            f"  {t.name:28} {t.title}, {len(t.steps)} steps, {len(t.documents)} documents"
            + (f" (part of {', '.join(t.part_of)})" if t.part_of else "")
            for t in found
            if t.industry == industry
        ]
    return "\n".join(lines)


def chosen(settings: Settings) -> tuple[str, ...]:
    """The names of the shipped templates that are in force. Raises ConfigurationError for a name that does not ship."""
    wanted = settings.baton_templates.replace(",", " ").split()
    if not wanted:
        return tuple(name for name in (SHOWN if settings.simulated else FIRST) if name in templates())
    if wanted == ["all"]:
        return tuple(templates())
    if wanted == ["none"]:
        return ()
    if unknown := [name for name in wanted if name not in templates()]:
        raise ConfigurationError(f"BATON_TEMPLATES names {', '.join(unknown)}, which does not ship. See `baton templates`.")
    return tuple(wanted)


def own_folder(settings: Settings) -> Path:
    """Where the business's own flow files are."""
    return settings.baton_flows or settings.baton_home / "flows"


def flow_files(settings: Settings, read: Read) -> dict[str, FlowFile]:
    """The flow files in force by id: the chosen templates, the business's own (which count before a template of the same id), and
    all that these start. Raises flows.FlowFileErrors, ConfigurationError."""
    once = cache(read)  # a flow that several start is read the first time only
    own = read_folders([own_folder(settings)], once)
    found: dict[str, FlowFile] = {}
    for path in (*(templates()[name] for name in chosen(settings)), *(file.path for file in own.values())):
        found |= with_children(path, [TEMPLATES], once)
    return found | own


def adopt(name: str, settings: Settings) -> Path:
    """A copy of a template with its transcripts in the business's own folder, to be changed there. Raises ConfigurationError for a
    name that does not ship, FileExistsError where the business has such a flow already."""
    if name not in templates():
        raise ConfigurationError(f"There is no template called {name}. See `baton templates`.")
    folder = own_folder(settings)
    target = folder / f"{name}.yaml"
    if name in {flow_id(path) for path in folder.glob("*.yaml")}:
        raise FileExistsError(EEXIST, "is yours already: change it, or remove it first", str(target))
    folder.mkdir(parents=True, exist_ok=True)
    if (transcripts := _transcripts(templates()[name])).is_dir():
        shutil.copytree(transcripts, _transcripts(target), dirs_exist_ok=True)
    shutil.copyfile(templates()[name], target)
    return target


def _transcripts(file: Path) -> Path:
    return file.with_name(f"{file.stem}.transcripts")
