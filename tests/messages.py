"""Holds the catalogue to the code: what is said in the code, what of it is not said through the catalogue, and the files renewed.

python -m tests.messages          renew locale/baton.pot and every baton.po from the code (`make messages`)
python -m tests.messages --check  say what is wrong, change nothing (part of `make check`)
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "bot/words/locale"
TEMPLATE = LOCALE / "baton.pot"
DOCS = ROOT / "docs/languages.md"
KEYWORDS: Mapping[str, tuple[int, ...] | None] = {"t": None, "sentence": None, "plural": (2, 3)}
"""The calls whose literals are product strings: of one argument, and of the two forms of a plural."""
UNREVIEWED = "unreviewed"
"""The comment on an entry that nobody fluent has read."""
TO_OPERATORS = """
    auditing.py bench book.py bootstrap.py calendars.py channels.py cli.py config.py flow_commands.py flowfiles.py forecast library.py
    mailbox.py moving.py people.py publishing.py rehearsal serve.py simulator staffing.py starting.py terminal.py web
""".split()  # noqa: SIM905
"""What in `bot` speaks to whoever runs the product, in a terminal or a log, and not to its contacts."""
TO_CONTACTS = ("checklist.py", "engine", "parse")
"""What in `flows` makes sentences for contacts; the rest speaks to whoever writes a flow file."""

# --- what the code says ------------------------------------------------------------------------------------------------


def extracted() -> Catalog:
    """Every product string of the code, with the files it stands in, as Babel finds them."""
    mapping = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    methods = [(pattern, each["method"]) for each in mapping for pattern in each["pattern"]]
    catalogue = Catalog(project="Baton", fuzzy=False)
    for file, _, words, comments, context in extract_from_dir(ROOT, methods, keywords=dict(KEYWORDS)):
        catalogue.add(words, locations=[(file, 0)], auto_comments=comments, context=context)
    return catalogue


def spoken_files() -> Iterator[Path]:
    """Where the words for contacts are made."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if not {*path.relative_to(ROOT / "bot").parts} & set(TO_OPERATORS):
            yield path
    for name in TO_CONTACTS:
        path = ROOT / "flows" / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def said_in(tree: ast.AST) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line and the strings of every call that names product strings, also inside an f-string, where Babel looks from Python
    3.12 on only. What is not a literal gives ()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _called(node)) in KEYWORDS:
            places = KEYWORDS[name] or (1,)
            given = [node.args[place - 1] if len(node.args) >= place else None for place in places]
            literal = [arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            yield node.lineno, tuple(literal) if len(literal) == len(places) else ()


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


# --- what is said past the catalogue -----------------------------------------------------------------------------------

_WORDS = re.compile(r"[^\W\d_]{2,}[,.:;!?’”]* +[“(]?[^\W\d_]{1,}")
_LIST = re.compile(r"(?:[a-z]+\s+){9,}[a-z]+")
"""So many words without a capital or a sign are a list of words, and no sentence."""
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_SHOWN = {"Tap": 0, "Draft": 0, "reply": 0, "Button": 0, "ask_again": 2, "append": 0}
"""Calls whose argument at that place people read: there even one word must come from the catalogue."""
_UNREAD = frozenset({"Wording", "compile", "exception", "error", "warning", "info", "fail"})
"""Calls whose words are no product strings: a flow's own wording, patterns, the log and notes on rows."""
_TOLD = frozenset({"RuleError"})
"""The one `...Error` whose words reach a contact: those of all others are for programmers."""


def unsaid(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and text of each literal that a contact would read in English whatever their language."""
    read: set[int] = set()
    for node in ast.walk(tree):
        for inner in _skipped(node):
            read.update(id(each) for each in ast.walk(inner))
    shown = {id(each) for node in ast.walk(tree) if isinstance(node, ast.Call) for each in _shown(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in read:
            pattern = _LETTERS if id(node) in shown else _WORDS
            if pattern.search(node.value) and not _LIST.fullmatch(node.value):
                yield node.lineno, node.value


def _skipped(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a node in which words are no news: docstrings and other bare strings, calls of the catalogue, assertions."""
    match node:
        case ast.Expr(ast.Constant() as text):
            yield text
        case ast.Assert():
            yield node
        case ast.Raise(ast.Call() as error) if _called(error).endswith(("Error", "ChildRefused")) and _called(error) not in _TOLD:
            yield error
        case ast.Call() if _called(node) in KEYWORDS or _called(node) in _UNREAD:
            yield from node.args
        case ast.Attribute(ast.Constant() as text, "split"):
            yield text  # a list of words, written as one
        case ast.Tuple(words) | ast.List(words) | ast.Set(words) if len(words) >= 4 and all(map(_is_word, words)):
            yield node
        case ast.Dict():
            yield from (key for key in node.keys if key is not None)


def _is_word(node: ast.AST) -> bool:
    """One of a list of words that are looked for in what people write."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[^\WA-Z]+(?: [^\WA-Z]+)*", node.value) is not None
    )


def _shown(node: ast.Call) -> Iterator[ast.AST]:
    place = _SHOWN.get(_called(node))
    if place is None or len(node.args) <= place:
        return
    match node.args[place]:
        case ast.Constant() as text:
            yield text
        case ast.JoinedStr(parts):
            yield from parts


# --- the files ---------------------------------------------------------------------------------------------------------


def catalogues() -> dict[str, Catalog]:
    """The catalogue of every language that has one."""
    return {path.parent.parent.name: _load(path) for path in sorted(LOCALE.glob("*/LC_MESSAGES/baton.po"))}


def _load(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=path.parent.parent.name)


def entries(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def problems(template: Catalog, language: str, catalogue: Catalog) -> list[str]:
    """What is wrong between the code's strings and one language's, a line each."""
    wanted, found = {m.id: m for m in entries(template)}, {m.id: m for m in entries(catalogue)}
    lines = [f"{language}: not in the catalogue, run `make messages`: {_first(id)!r}" for id in wanted if id not in found]
    lines += [f"{language}: no longer said by the code, run `make messages`: {_first(id)!r}" for id in found if id not in wanted]
    for id, message in found.items():
        forms, sources = _forms(message.string), _forms(id)
        if message.fuzzy or not forms or not all(forms):
            lines.append(f"{language}: has no translation: {_first(id)!r}")
        elif any(slots(form) != slots(sources[-1]) for form in forms):
            lines.append(f"{language}: other slots than in English: {_first(id)!r}")
    return lines


def _forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text),) if text else ()


def _first(id: str | tuple[str, ...] | list[str]) -> str:
    return id if isinstance(id, str) else id[0]


def slots(text: str) -> frozenset[str]:
    """The names of the slots in a template."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def renew() -> None:
    """Write the template and every catalogue anew from the code; new entries are empty and unreviewed, unused ones go."""
    template = extracted()
    _write(TEMPLATE, template)
    for language, catalogue in catalogues().items():
        known = {message.id for message in entries(catalogue)}
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        for message in entries(catalogue):
            if message.id not in known:
                message.user_comments = [UNREVIEWED]
        _write(LOCALE / language / "LC_MESSAGES/baton.po", catalogue)


def tell_docs() -> None:
    """Put the figures of each language into its row of the docs."""
    text = DOCS.read_text(encoding="utf-8")
    for language, catalogue in catalogues().items():
        row = rf"(?m)^(\| {language} \| [^|]+ \|).*$"
        text = re.sub(row, rf"\1 {len(entries(catalogue))} | {len(unreviewed(catalogue))} |", text)
    DOCS.write_text(text, encoding="utf-8")


def unreviewed(catalogue: Catalog) -> list[Message]:
    """What nobody fluent has read."""
    return [message for message in entries(catalogue) if UNREVIEWED in message.user_comments]


def _write(path: Path, catalogue: Catalog) -> None:
    """In the order of the files; without dates and lines, which would change with every edit of the code."""
    with path.open("wb") as target:
        write_po(target, catalogue, width=120, include_lineno=False, omit_header=True)
    text = path.read_text(encoding="utf-8")
    path.write_text(_header(catalogue) + text, encoding="utf-8")


def _header(catalogue: Catalog) -> str:
    plural = f'"Plural-Forms: {catalogue.plural_forms}\\n"\n' if catalogue.locale else ""
    language = f'"Language: {catalogue.locale_identifier}\\n"\n' if catalogue.locale else ""
    fixed = '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    return f'msgid ""\nmsgstr ""\n"Project-Id-Version: Baton\\n"\n{language}{plural}{fixed}\n'


def check() -> list[str]:
    """Everything that is wrong, a line each."""
    template = extracted()
    lines = [line for language, catalogue in catalogues().items() for line in problems(template, language, catalogue)]
    known = {_first(message.id) for message in entries(template)}
    for path in spoken_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(ROOT)
        lines += [f"{name}:{line}: said past the catalogue: {text!r}" for line, text in unsaid(tree)]
        hidden = [(line, words[0]) for line, words in said_in(tree) if words and words[0] not in known]
        lines += [f"{name}:{line}: inside an f-string, where Babel does not look: {text!r}" for line, text in hidden]
    return lines


if __name__ == "__main__":
    if "--check" not in sys.argv:
        renew()
        tell_docs()
    for problem in (listed := check()):
        print(problem)
    sys.exit(bool(listed))
