"""The text of a PDF. Files come from outside and the reader is native code: it runs in a process of its own, with limits."""

from __future__ import annotations

import subprocess
import sys

PAGES, CHARACTERS = 20, 100_000
"""So much of a file is read."""
MEMORY, SECONDS = 1_000_000_000, 20
"""Bytes, and seconds of computing and of waiting, after which the reader is stopped."""


def pdf_text(content: bytes) -> str:
    """The text of the first pages, a line each as far as the file tells; "" where it holds none, is broken, or takes too long."""
    command = [sys.executable, "-I", __file__]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=True)  # noqa: S603 - our own file
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _read(content: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    pages = (document[number].get_textpage().get_text_bounded() for number in range(min(len(document), PAGES)))
    return "\n".join(pages).replace("\r\n", "\n")[:CHARACTERS]


def _limited() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    _limited()
    sys.stdout.buffer.write(_read(sys.stdin.buffer.read()).encode("utf-8", "replace"))
