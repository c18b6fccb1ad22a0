"""People at the page: what they do with mouse and keyboard, and what they see. Nothing here talks to the server."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.product import PATIENCE

RIYA, DEV, FARAH = "riya-whatsapp", "dev-whatsapp", "farah-telegram"
MEERA, VENDOR = "meera-whatsapp", "sunrise-email"
SOON = PATIENCE * 1000


@dataclass(frozen=True)
class Person:
    """One phone on the page. `tabs` is set on a small screen, where a person first taps the phone's tab."""

    page: Page
    id: str
    tabs: bool = False

    @property
    def phone(self) -> Locator:
        return self.page.locator(f"#{self.id}")

    @property
    def shown(self) -> Locator:
        """All messages from Baton, oldest first."""
        return self.phone.locator(".bubble.baton")

    @property
    def texts(self) -> list[str]:
        return self.phone.locator(".bubble .text").all_inner_texts()

    def look(self) -> Person:
        """Bring this phone into view."""
        if self.tabs:
            tab = self.page.locator(f'[data-tab="{self.id}"]')
            tab.click()
            expect(tab).to_have_attribute("aria-current", "true", timeout=SOON)
        return self

    def writes(self, text: str) -> Person:
        """Type into the phone and press Enter (on the mail, the button: Enter is a new line)."""
        box = self.look().phone.locator("textarea")
        box.click()
        for number, line in enumerate(text.split("\n")):
            if number:
                self.page.keyboard.press("Shift+Enter")
            self.page.keyboard.insert_text(line)
        if self.id == VENDOR:
            self.phone.get_by_role("button", name="Send", exact=True).click()
        else:
            self.page.keyboard.press("Enter")
        expect(box).to_have_value("", timeout=SOON)
        return self

    def attaches(self, sample: str) -> Person:
        """Open the attach menu and choose from it."""
        self.look().phone.get_by_label("Attach a file").click()
        self.phone.get_by_role("button", name=sample).click()
        expect(self.phone.locator("details[open]")).to_have_count(0, timeout=SOON)
        return self

    def taps(self, label: str, about: str | re.Pattern[str] = "") -> Person:
        """Tap a button under the latest message that has it (and says `about`)."""
        holder = self.look().shown.filter(has=self.button(label))
        holder = holder.filter(has_text=about) if about else holder
        expect(holder.last).to_be_visible(timeout=SOON)
        holder.last.get_by_role("button", name=label, exact=True).click()
        return self

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True)

    def replies(self, about: str, text: str) -> Person:
        """Tap Reply under the latest message that says `about`, and write."""
        self.look().shown.filter(has_text=about).last.locator("[data-reply]").click()
        expect(self.phone.locator("[data-answering]")).to_be_visible(timeout=SOON)
        return self.writes(text)

    def sees(self, *texts: str) -> Person:
        """The latest words from Baton (a file alone says none) hold all of `texts`; waits for them."""
        for text in texts:
            expect(self.shown.locator(".body:has(.text)").last).to_contain_text(text, timeout=SOON)
        return self

    def saw(self, text: str, times: int = 1) -> Person:
        """So many messages from Baton say `text`; waits for them."""
        expect(self.shown.filter(has_text=text)).to_have_count(times, timeout=SOON)
        return self


@dataclass(frozen=True)
class Cast:
    """Everybody at one page."""

    page: Page
    tabs: bool = False

    @property
    def riya(self) -> Person:
        """Asks for a purchase, on WhatsApp."""
        return Person(self.page, RIYA, self.tabs)

    @property
    def dev(self) -> Person:
        """Department head, purchase and store, on WhatsApp."""
        return Person(self.page, DEV, self.tabs)

    @property
    def farah(self) -> Person:
        """Finance, on Telegram."""
        return Person(self.page, FARAH, self.tabs)

    @property
    def meera(self) -> Person:
        """The manager, on WhatsApp."""
        return Person(self.page, MEERA, self.tabs)

    @property
    def vendor(self) -> Person:
        """A mailbox."""
        return Person(self.page, VENDOR, self.tabs)

    def moves_clock(self, label: str) -> None:
        """Tap a button of the clock and wait until it has moved."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/api/clock"), timeout=SOON) as answered:
            self.page.get_by_role("button", name=label).click()
        assert answered.value.ok
