"""The page in a real browser: people's taps reach the product, its messages appear, and everyone can use it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.simulator.site import DEV, FARAH, MEERA, RIYA, VENDOR, Site, wait_for

CHROMIUM = Path("/usr/bin/chromium")


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
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """The page at 1280 px; anything the browser complains about fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda line: complaints.append(line.text) if line.type == "error" and "Failed to load" not in line.text else None,
    )
    opened.goto(f"{site.base}/simulator")
    yield opened
    context.close()
    assert complaints == []


def twilio(site: Site, path: str, **request: Any) -> Any:
    account = (site.settings.twilio_account_sid, site.settings.twilio_auth_token)
    answer = requests.post(f"{site.settings.twilio_api_base}{path.format(account[0])}", auth=account, timeout=5, **request)
    assert answer.status_code == 201, answer.text
    return answer.json()


def ask(site: Site, number: str, types: dict[str, Any] | None, text: str = "") -> None:
    form = {"To": f"whatsapp:{number}", "From": site.settings.twilio_whatsapp_from}
    form |= {"ContentSid": twilio(site, "/v1/Content", json={"types": types})["sid"]} if types else {"Body": text}
    twilio(site, "/2010-04-01/Accounts/{}/Messages.json", data=form)


def telegram(site: Site, method: str, **given: Any) -> None:
    url = f"{site.settings.telegram_api_base}/bot{site.settings.telegram_bot_token}/{method}"
    requests.post(url, json=given, timeout=5).raise_for_status()


DECISION = {
    "twilio/quick-reply": {
        "body": "*PA-1* · 6 chairs\nPlease decide.",
        "actions": [{"type": "QUICK_REPLY", "title": title, "id": f"tok-{title}"} for title in ("Approve", "Reject")],
    }
}
LIST = {
    "twilio/list-picker": {
        "body": "Which cost centre?",
        "button": "Choose",
        "items": [{"id": f"row-{name}", "item": name, "description": "Cost centre"} for name in ("Office", "Workshop")],
    }
}


def fill(site: Site) -> None:
    """Something of every kind on the screens."""
    hands = site.simulator.hands
    hands.write(RIYA, "purchase")
    hands.attach_sample(RIYA, "quote", text="the quote")
    hands.attach_sample(RIYA, "photo")
    ask(site, "+919800000001", LIST)
    ask(site, "+919800000002", DECISION)
    hands.tap(DEV, site.shown(DEV)[0]["id"], 0)
    buttons = {"inline_keyboard": [[{"text": "Approve", "callback_data": "a"}]]}
    telegram(site, "sendMessage", chat_id=1001, text="Decide, please", reply_markup=buttons)
    hands.write(FARAH, "one question", quote=site.shown(FARAH)[0]["id"])
    site.simulator._sink.file(
        b"From: baton@baton.example\r\nSubject: Order\r\nMessage-ID: <a@b>\r\n\r\nSee https://a.example", ["v@w.example"]
    )
    hands.write(VENDOR, "Confirmed", quote=site.shown(VENDOR)[0]["id"])
    site.simulator.world.post._pauses = ()
    wait_for(lambda: all(bubble["state"] != "sending" for bubble in site.state()["bubbles"]))
    site.answers = [503]
    hands.write(MEERA, "status")
    wait_for(lambda: site.shown(MEERA)[0]["state"] == "failed")
    site.simulator.world.note(site.simulator.world.phones[MEERA], "A note")


def test_requester_approver_and_finance_play_through(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Send “purchase” as Riya").click()
    riya = page.locator(f"#{RIYA}")
    expect(riya.locator(".bubble.person .text")).to_have_text("purchase")
    expect(riya.get_by_role("img", name="delivered")).to_be_visible()
    assert site.received[0].form["Body"] == "purchase"

    ask(site, "+919800000002", DECISION)  # appears without a reload
    dev = page.locator(f"#{DEV}")
    dev.get_by_role("button", name="Approve").click()
    expect(dev.locator(".bubble.person .text")).to_have_text("Approve")
    tapped = wait_for(lambda: [got for got in site.received if got.form.get("ButtonPayload")])
    assert tapped[0].form["ButtonPayload"] == "tok-Approve"

    telegram(
        site,
        "sendMessage",
        chat_id=1001,
        text="Decide",
        reply_markup={"inline_keyboard": [[{"text": "Yes", "callback_data": "t"}]]},
    )
    page.locator(f"#{FARAH}").get_by_role("button", name="Yes").click()
    query = json.loads(wait_for(lambda: site.at("/webhooks/telegram"))[0].body)["callback_query"]
    assert query["data"] == "t"
    expect(page.locator(f"#{FARAH} .choices")).to_have_attribute("aria-busy", "true")
    telegram(site, "answerCallbackQuery", callback_query_id=query["id"])
    expect(page.locator(f"#{FARAH} .choices")).not_to_have_attribute("aria-busy", "true")

    page.reload()
    expect(dev.locator(".bubble.person .text")).to_have_text("Approve")


def test_everything_by_keyboard(page: Page, site: Site) -> None:
    ask(site, "+919800000001", LIST)
    riya = page.locator(f"#{RIYA}")
    riya.get_by_role("button", name="Choose").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Choose")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Choose")).to_be_hidden()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert wait_for(lambda: site.received)[0].form["ListId"] in ("row-Office", "row-Workshop")

    riya.get_by_role("button", name="Reply to: Which cost centre?").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("the office")
    page.keyboard.press("Enter")
    wait_for(lambda: len(site.received) == 2)
    assert site.received[1].form["Body"] == "the office"
    assert site.received[1].form["OriginalRepliedMessageSid"] == site.simulator.store.screen(RIYA)[0].sid

    riya.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for(lambda: len(site.received) == 3)
    assert site.received[2].form["MediaContentType0"] == "application/pdf"


def test_own_file_and_mail(page: Page, site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "bill.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n not really")
    page.locator(f"#{MEERA} [data-file]").set_input_files(picture)
    assert wait_for(lambda: site.received)[0].form["MediaContentType0"] == "image/png"

    vendor = page.locator(f"#{VENDOR}")
    vendor.get_by_role("textbox", name="Subject").fill("Our new prices")
    vendor.get_by_role("textbox", name="Message from Sunrise Supplies to Baton").fill("Line one\nline two")
    vendor.get_by_role("button", name="Send", exact=True).click()
    expect(vendor.locator(".bubble.person .subject")).to_have_text("Our new prices")
    assert b"Subject: Our new prices" in wait_for(lambda: site.at("/webhooks/email"))[0].body


def test_the_clock_moves_and_problems_are_said(page: Page, site: Site) -> None:
    page.get_by_role("button", name="+1 day").click()
    expect(page.locator("#clock-moved")).to_have_text(" · 1 d ahead")
    assert site.ticks == [1]
    expect(page.get_by_role("button", name="To the next reminder")).to_be_disabled()
    site.due.append(site.clock.now())
    expect(page.get_by_role("button", name="To the next reminder")).to_be_enabled()
    page.locator(f"#{RIYA} textarea").evaluate("area => { area.removeAttribute('maxlength'); area.value = 'x'.repeat(4097); }")
    page.locator(f"#{RIYA} .send").click()
    expect(page.get_by_role("alert")).to_have_text("That is longer than 4096 characters. Please shorten it.")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anybody_can_use_it(browser: Browser, site: Site, width: int, scheme: Any) -> None:
    fill(site)
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{site.base}/simulator")
    expect(page.locator(f"#{MEERA} .problem")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "no sideways scrolling of the page"
    page.locator(f"#{RIYA} summary").click()
    assert serious(page) == []
    page.locator(f"#{RIYA} summary").click()
    page.locator(f"#{RIYA} [data-open]").click()
    assert serious(page) == []
    context.close()


def test_planted_bug_faint_text_is_found(page: Page, site: Site) -> None:
    fill(site)
    expect(page.locator(f"#{RIYA} .meta").first).to_be_visible()
    page.evaluate("document.documentElement.querySelectorAll('.meta').forEach(line => { line.style.color = '#d0d0d0'; })")
    assert any(finding.startswith("color-contrast") for finding in serious(page))


def serious(page: Page) -> list[str]:
    """axe's findings that are serious or critical: rule, place and reason of each."""
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']} at {node['target']}: {node['failureSummary']}" for one in found for node in one["nodes"]]


def test_on_a_small_screen_the_tabs_count_what_is_new(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site.base}/simulator")
    expect(page.locator(f'[data-tab="{RIYA}"]')).to_have_attribute("aria-current", "true")
    ask(site, "+919800000004", None, "1 open, none late.")
    tab = page.locator(f'[data-tab="{MEERA}"]')
    expect(tab.locator("[data-count]")).to_have_text("1")
    tab.click()
    expect(tab).to_have_attribute("aria-current", "true")
    expect(tab.locator("[data-count]")).to_be_hidden()
    context.close()
