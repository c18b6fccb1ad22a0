"""Keeps the house small: no file over 300 lines, no function over 60, every function's return annotated. Run by `make check`."""

from __future__ import annotations

import ast
import pathlib
import sys

PACKAGES = ("bot", "flows", "channels", "scheduler", "storage", "prompts")
MOST_LINES, MOST_FUNCTION_LINES = 300, 60


def problems() -> list[str]:
    found = []
    for package in PACKAGES:
        for path in sorted(pathlib.Path(package).rglob("*.py")):
            if "versions" in path.parts:
                continue  # a migration is a list of statements, never changed again
            text = path.read_text(encoding="utf-8")
            if len(text.splitlines()) > MOST_LINES:
                found.append(f"{path}: {len(text.splitlines())} lines, at most {MOST_LINES}")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > MOST_FUNCTION_LINES:
                        found.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {MOST_FUNCTION_LINES}")
                    if node.returns is None:
                        found.append(f"{path}:{node.lineno}: {node.name} does not say what it returns")
    return found


if __name__ == "__main__":
    for problem in (listed := problems()):
        print(problem)
    sys.exit(bool(listed))
