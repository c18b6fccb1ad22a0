"""People play a purchase approval at the simulator's page; the page, the phones and the database must tell the same story.

The product runs as its users run it: a process of its own with a port and a home, today's date, and nothing else set.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable

import pypdfium2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opens, Play
from tests.browser.hands import DEV, FARAH, MEERA, RIYA, SOON, VENDOR
from tests.browser.product import Product

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

ITEMS = "2 pcs office chair @ 2500 +18%"
FORM = f"""purchase
Items: {ITEMS}
Vendor: Sunrise Supplies
Vendor's e-mail: orders@sunrise.example
Cost centre: Office
Needed by: in 2 weeks
Urgency: normal
Reason: Chairs for two new colleagues"""
DAY = 86_400

DAMAGES: dict[str, Callable[[Product], None]] = {
    "UPDATE event SET actor = 'somebody' WHERE number = 1": Product.audit,
    "DELETE FROM outbound_id WHERE outbound_id = (SELECT max(outbound_id) FROM outbound_id)": Product.settled,
}
"""Planted bugs, and the check that must find each: a changed past, and a phone that shows what nobody sent."""


def requested(play: Play) -> None:
    """Riya answers question by question, and attaches a quote."""
    riya = play.cast.riya
    riya.writes("purchase")
    for number, answer in enumerate((ITEMS, "Sunrise Supplies", "orders@sunrise.example"), 1):
        riya.sees(f"PA-1001 · question {number} of 8").writes(answer)
    riya.sees("GSTIN").taps("Skip")
    riya.sees("Which cost centre pays?").writes("Office")
    riya.sees("By which date").writes("in 2 weeks")
    riya.sees("How urgent is it?").taps("Urgent")
    riya.sees("What is it for?").writes("Chairs for two new colleagues")
    riya.sees("PA-1001 · documents", "Quotes")
    play.whole()
    assert play.product.run() == ("open", "", "quotes")
    riya.attaches("A quote (PDF)").sees("Thank you. PA-1001 goes on.", "Budget check", "Farah")


def asked_at_once(play: Play) -> None:
    """Riya sends the whole form in one message, skips what she may, and attaches a quote."""
    riya = play.cast.riya
    riya.writes(FORM).taps("Skip").sees("PA-1001 · documents").attaches("A quote (PDF)").sees("PA-1001 goes on")
    play.cast.farah.saw("Is there budget for this purchase?")


def approved(play: Play) -> None:
    """Farah says on Telegram that there is budget, Dev approves on WhatsApp."""
    farah, dev, riya = play.cast.farah, play.cast.dev, play.cast.riya
    farah.sees("PA-1001 · Budget check", "₹5,900.00", "Asked by Riya").taps("Within budget").sees("you said “Within budget”")
    play.whole()
    assert play.product.run() == ("open", "", "head_approval")
    dev.sees("PA-1001 · your approval is needed", "Sunrise Supplies, ₹5,900.00").taps("Approve")
    dev.sees("you approved it", "PA-1001 · Prepare the order", "What is the total of the order")
    riya.look().sees("PA-1001 was approved")


def ordered(play: Play) -> None:
    """Dev, who also does the purchasing, prepares the order, reads its PDF and sends it."""
    dev = play.cast.dev
    dev.writes("5900").sees("On which date will the vendor deliver?").writes("in 10 days").sees("Delivery date:").taps("Ready")
    dev.sees("Please read purchase order PO-").taps("Send to vendor").saw("you said “Send to vendor”")


def order_of(play: Play) -> bytes:
    """The purchase order that the vendor gets by opening the attachment."""
    vendor = play.cast.vendor.look()
    mail = vendor.shown.filter(has_text="Please find attached our purchase order")
    expect(mail).to_have_count(1, timeout=SOON)
    link = mail.locator("a.file")
    expect(link).to_contain_text(re.compile(r"PO-\d{4}-0001\.pdf"))
    answer = play.page.request.get(f"{play.product.page}/../..{link.get_attribute('href')}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    return answer.body()


def managed(play: Play) -> None:
    """Meera asks, and is told what the database says."""
    meera = play.cast.meera
    meera.writes("status").sees("1 open", "PA-1001 · Sunrise Supplies, ₹5,900.00", "Order confirmation", "with Sunrise Supplies")
    meera.writes("status PA-1001").sees("Asked by Riya", "✓ Budget check (Farah)", "✓ Approval by department head (Dev)")
    meera.sees("▸ Order confirmation: with Sunrise Supplies")
    meera.writes("why PA-1001").sees("up to 10 thousand", "5900", "Budget check: Farah: Within budget")
    meera.sees("Approval by department head: Dev: Approve", "Now: Order confirmation")


@pytest.mark.parametrize("width", [1440, 360])
def test_a_purchase_from_the_first_word_to_the_goods(opens: Opens, width: int) -> None:
    play = opens(width=width)
    product, cast = play.product, play.cast

    requested(play)
    play.whole()
    assert product.run() == ("open", "", "budget")
    assert product.events() == Counter(begin=1, give=7, skip=1, file=1)
    assert product.live() == {"budget"}

    approved(play)
    play.whole()
    assert product.run() == ("open", "", "po_prepare")
    assert product.events()["decide"] == 2
    assert product.live() == {"po_prepare"}

    ordered(play)
    order = order_of(play)
    assert order.startswith(b"%PDF")
    written = pypdfium2.PdfDocument(io.BytesIO(order))[0].get_textpage().get_text_range()
    assert all(text in written for text in ("-0001", "Sunrise Supplies", "5,900.00"))
    cast.vendor.saw("Please confirm that you will supply")
    play.whole()
    assert product.run() == ("open", "", "vendor_ack")
    assert product.file(next(b for b in product.bubbles(VENDOR) if b["files"])["files"][0]["token"]) == order

    managed(play)
    play.whole()
    assert product.run() == ("open", "", "vendor_ack"), "asking changes nothing"
    assert product.live() == {"vendor_ack"}

    cast.vendor.replies("Please confirm that you will supply", "Acknowledged").sees("you said “Acknowledged”")
    cast.dev.saw("Have the goods of purchase order")
    play.whole()
    assert product.run() == ("open", "", "goods_receipt")

    cast.moves_clock("To the next reminder")
    cast.dev.saw("Reminder: PA-1001 · Goods receipt waits for you")
    assert product.offset > DAY
    cast.dev.look().taps("All received", "Have the goods").saw("you said “All received”")
    cast.farah.sees("PA-1001 · Three-way match").taps("Matched").sees("you said “Matched”")
    cast.riya.saw("Your purchase from Sunrise Supplies is complete")
    cast.meera.writes("status").sees("Nothing is open")
    play.whole()
    assert product.run() == ("ended", "completed", "")
    assert product.events() == Counter(begin=1, give=9, skip=1, file=1, finish=1, decide=7, fire=1)
    assert product.live() == set()
    play.ends()


def test_a_rejection_stands_whatever_is_tapped_afterwards(opens: Opens) -> None:
    play = opens()
    product, dev, farah = play.product, play.cast.dev, play.cast.farah
    asked_at_once(play)
    farah.taps("Within budget")
    dev.sees("your approval is needed").taps("Reject").sees("please write the reason")
    play.whole()
    assert product.run() == ("open", "", "head_approval"), "a tap alone rejects nothing"

    dev.writes("Too dear this month").sees("PA-1001: you rejected it")
    play.cast.riya.sees("PA-1001 was rejected by Dev", "Reason: Too dear this month")
    play.whole()
    assert product.run() == ("ended", "rejected", "")
    assert product.live() == set()

    before = product.events(), product.rows("SELECT version, snapshot FROM run")
    dev.taps("Approve").sees("already rejected by you", "Nothing changed")
    farah.taps("No budget").sees("PA-1001", "already", "Nothing changed")
    play.cast.meera.writes("status PA-1001").sees("rejected")
    play.whole()
    assert (product.events(), product.rows("SELECT version, snapshot FROM run")) == before
    assert product.run() == ("ended", "rejected", "")
    play.ends()

    for damage, check in DAMAGES.items():
        product.plant(damage)
        with pytest.raises(AssertionError):
            check(product)


def test_the_clock_brings_reminders_and_then_the_manager(opens: Opens) -> None:
    play = opens(scheme="dark")
    product, cast = play.product, play.cast
    asked_at_once(play)
    cast.farah.sees("Is there budget")
    cast.moves_clock("To the next reminder")
    cast.farah.saw("Reminder: PA-1001 · Budget check waits for you, due")
    play.whole()
    assert product.events()["fire"] == product.timers()["budget", "fired"] == 1
    assert product.texts(MEERA) == [], "nothing is late yet"

    reminded = product.offset
    for _ in range(6):  # working time only: a Sunday and holidays may lie between
        cast.moves_clock("+1 day")
        product.settled()
        if product.texts(MEERA):
            break
    cast.meera.saw("Late: PA-1001 · Budget check was due").sees("waits for Farah")
    cast.farah.sees("PA-1001 · Budget check was due", "waits for you")
    play.whole()
    assert (product.offset - reminded) % DAY == 0
    assert product.timers()["budget", "fired"] >= product.events()["fire"] >= 3
    assert product.run() == ("open", "", "budget"), "time decides nothing"
    cast.meera.writes("status").sees("1 open", "1 late", "PA-1001", "with Farah")

    cast.farah.taps("Within budget").sees("you said “Within budget”")
    play.cast.dev.saw("your approval is needed")
    play.whole()
    assert product.run() == ("open", "", "head_approval")
    assert product.live() == {"head_approval"}
    play.ends()


def test_a_stop_and_a_new_start_lose_nothing(opens: Opens) -> None:
    play = opens()
    product, riya = play.product, play.cast.riya
    riya.writes("purchase").sees("question 1 of 8").writes(ITEMS).sees("question 2 of 8")
    play.cast.moves_clock("+1 hour")
    play.whole()
    before = {phone: product.bubbles(phone) for phone in (RIYA, DEV, FARAH, MEERA, VENDOR)}

    product.stop()
    expect(play.page.locator("body.away")).to_be_visible(timeout=SOON)
    product.start()
    expect(play.page.locator("body:not(.away)")).to_be_visible(timeout=SOON)
    unreachable = {text for text in play.complaints if "ERR_CONNECTION_REFUSED" not in text}
    assert unreachable == set()
    play.complaints.clear()

    assert {phone: product.bubbles(phone) for phone in before} == before
    assert product.offset == 3600
    riya.writes("Sunrise Supplies").sees("question 3 of 8")
    play.page.reload()
    play.whole()
    expect(play.page.locator("#clock-moved")).to_contain_text("1 h ahead")
    riya.writes("orders@sunrise.example").sees("question 4 of 8").taps("Skip").sees("question 5 of 8")
    play.whole()
    assert product.run() == ("open", "", "request")
    assert product.events() == Counter(begin=1, give=3, skip=1)
    play.ends()
