"""Starts Chromium once, and for each test an installation of its own and a page on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.browser.hands import SOON, Cast
from tests.browser.product import Product
from tests.conftest import free_port

CHROMIUM = Path("/usr/bin/chromium")
SMALL = 1200
"""Below this width the page has tabs."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing; CI installs it")
        pytest.skip(f"{CHROMIUM} is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A new installation, running. The test stops it as a user does."""
    made = Product(tmp_path, free_port())
    try:
        yield made.start()
    finally:
        made.kill()


@dataclass
class Play:
    """A running product, the page that everybody sits at, and what the browser complained about."""

    product: Product
    page: Page
    complaints: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        size = self.page.viewport_size
        assert size is not None
        return size["width"]

    @property
    def cast(self) -> Cast:
        return Cast(self.page, tabs=self.width < SMALL)

    def listen(self) -> Play:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        return self

    def whole(self) -> None:
        """Page, phones and database agree, and nothing is left under way."""
        assert self.complaints == []
        self.product.settled()
        for phone in {bubble["phone"] for bubble in self.product.bubbles()}:
            texts = self.page.locator(f"#{phone} .bubble .text")
            stored = [styled(text) for text in self.product.texts(phone) if text]
            expect(texts).to_have_text(stored, timeout=SOON, use_inner_text=True)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, "the page scrolls sideways"
        hidden = self.page.locator(".screen").evaluate_all("all => all.map(one => one.scrollHeight - one.clientHeight)")
        assert not any(hidden), "a phone holds more than its frame shows, so that its bars can slip out of it"

    def ends(self) -> None:
        """Close the page, stop the product, and check every chain."""
        self.page.close()
        self.product.stop()
        self.product.audit()


def styled(text: str) -> str:
    """A stored text as the page shows it."""
    return text.replace("*", "")


Opens = Callable[..., Play]


@pytest.fixture
def opens(browser: Browser, product: Product) -> Iterator[Opens]:
    """Opens the simulator's page: `opens(width=360)`."""
    contexts: list[BrowserContext] = []

    def begin(width: int = 1440, scheme: Literal["light", "dark"] = "light") -> Play:
        size: ViewportSize = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce"))
        play = Play(product, contexts[-1].new_page()).listen()
        play.page.goto(product.page)
        return play

    yield begin
    for context in contexts:
        context.close()
