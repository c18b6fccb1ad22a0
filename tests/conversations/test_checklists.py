"""Checklists over the wire: any file in any order, one rejected and sent again, one waived, and a policy that runs out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.run import Verdict
from tests.conversations.conftest import MakeWorld
from tests.conversations.world import World, pdf

PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
FLOW = """\
flow: site-entry
prefix: SE
title: Site entry
summary: "{firm}"
start: {phrases: [site entry]}
roles:
  office: Office
  finance: Finance
  manager: Manager
fields:
  firm: {type: text, title: Firm, ask: Which firm?}
  insured_until: {type: date, title: Insured until, ask: Until when is the insurance valid?}
documents:
  insurance: {title: {en: Insurance policy, hi: बीमा}, expires: insured_until}
  licence: {title: {en: Labour licence, hi: लाइसेंस}}
  photos: {title: {en: Site photos, hi: फ़ोटो}, minimum: 2}
  plan: {title: Safety plan, minimum: 0}
steps:
  - ask: request
    title: Request
    owner: requester
    fields: [firm]
  - collect: papers
    title: Papers
    owner: requester
    due: 2bd
    documents: [insurance, licence, photos, plan]
    checked_by: office
  - do: work
    title: Work
    owner: office
    instruction: Is the work done?
    outcomes: {done: Done}
  - do: payment
    title: Payment
    owner: finance
    instruction: Please pay.
    needs: [insurance]
    outcomes: {paid: Paid}
  - end: finished
    message: All is paid.
"""


@pytest.fixture
def site(new_world: MakeWorld, tmp_path: Path) -> World:
    """A world with this flow; a run that waits for its papers."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "site-entry.yaml").write_text(FLOW, encoding="utf-8")
    world = new_world(baton_flows=tmp_path / "flows")
    world.add("Olga Office", ("telegram", "5000000021"), roles=("office",))
    asker = world.whatsapp()
    asker.says("site entry")
    assert "Please send: Insurance policy, Labour licence, Site photos (2 more)." in asker.says("Example Builders")[-1]
    return world


def filed(world: World) -> list[str]:
    return [f.item for f in world.run("SE-1001").files]


def given_all(world: World, until: str = "in 100 days") -> None:
    asker = world.whatsapp()
    asker.sends(pdf("i"), caption="insurance")
    asker.sends(pdf("l"), caption="licence")
    for n in range(2):
        asker.sends(PHOTO + bytes([n]), "image/jpeg", caption="photos")
    asker.says(until)


def accepted(world: World, until: str = "in 100 days") -> None:
    given_all(world, until)
    world.telegrams("5000000021", "Olga Office").taps("Accept all")
    assert world.open("SE-1001") == ["work"]


def test_any_file_in_any_order_fills_the_right_item(site: World) -> None:
    asker = site.whatsapp()
    (answer,) = asker.sends(pdf("l"), caption="here is our labor licence")
    assert answer == (
        "SE-1001 · documents\nThank you, this is Labour licence.\n"
        "1 of 3 - still need Insurance policy, Site photos (2 more). A photo or a PDF is enough."
    )
    asker.sends(PHOTO + b"1", "image/jpeg", caption="फ़ोटो")
    asker.sends(pdf("p"), caption="Safety Plan, final")
    assert filed(site) == ["licence", "photos", "plan"]
    (answer,) = asker.sends(pdf("i"))
    assert "this is Insurance policy" in answer, "what is said nothing of fills what is still short"
    (answer,) = asker.sends(pdf("i"))
    again = (
        "SE-1001\nI already have this file: it is Insurance policy. Please send the next one, or write below it what else it is."
    )
    assert answer == again
    assert asker.sends(pdf("i"), caption="Insurance") == ["SE-1001\nI already have this file. Please send the next one."]
    assert len(filed(site)) == 4
    asker.sends(pdf("i"), caption="it is the safety plan too")
    assert filed(site)[4:] == ["plan"]
    assert "3 of 4 - still need Site photos" in asker.says("status SE-1001")[0]
    assert "Papers · 3 of 4 - still need Site photos" in asker.says("mine")[0]
    assert "3 of 4 - still need Site photos" in asker.says("what else?")[0]
    (answer,) = asker.sends(PHOTO + b"2", "image/jpeg")
    assert answer.endswith("Until when is the insurance valid?")
    assert "This day has passed." in asker.says("1/1/2020")[0]
    assert "are being checked now" in asker.says("in 100 days")[-1]
    site.events("SE-1001")
    site.whole()


def test_a_file_name_says_which_it_is(site: World) -> None:
    site.add("Asha Asker", ("telegram", "5000000001"))
    asker = site.telegrams()
    asker.says("site entry")
    asker.says("Sample Builders")
    asker.sends(pdf("l"), name="Labour_Licence-2026.pdf")
    assert [f.item for f in site.run("SE-1002").files] == ["licence"]


def test_several_files_in_one_mail_are_answered_once(site: World) -> None:
    mail = site.mails()
    mail.says("site entry", subject="x")
    mail.says("Mail Builders")
    message = mail.speaks("our papers")[1]
    from email import message_from_bytes
    from email.policy import default

    parsed = message_from_bytes(message, policy=default)
    for n in range(3):
        parsed.add_attachment(PHOTO + bytes([n]), maintype="image", subtype="jpeg", filename=f"site photo {n}.jpg")  # type: ignore[attr-defined]
    mail.new()
    site.post(*mail.raw(parsed.as_bytes()))
    site.settle()
    texts = mail.new()
    assert [f.item for f in site.run("SE-1002").files] == ["photos"] * 3
    assert len(texts) == 1, texts
    assert "1 of 3 - still need Insurance policy, Labour licence" in texts[0]


def test_one_is_rejected_sent_again_and_accepted(site: World) -> None:
    asker, olga = site.whatsapp(), site.telegrams("5000000021", "Olga Office")
    given_all(site)
    assert site.run("SE-1001").steps["papers"].stage == 1
    assert "please check these documents: Insurance policy, Labour licence, Site photos" in "\n".join(olga.texts)
    assert len([b for b in olga.bubbles() if b.files]) >= 1
    (picking,) = olga.taps("Reject one")
    assert picking == "SE-1001: which one is not right?"
    assert list(olga.last.buttons) == ["Insurance policy", "Labour licence", "Site photos"]
    asker.new()
    assert "please write the reason" in olga.taps("Labour licence")[0]
    assert olga.says("It ended last year") == ["Thank you. SE-1001: you rejected Labour licence. It is asked for again."]
    assert asker.last.text == (
        "SE-1001: Olga Office did not accept Labour licence.\nReason: It ended last year\n\n"
        "SE-1001 · documents\n2 of 3 - still need Labour licence. A photo or a PDF is enough."
    )
    assert olga.says("accept SE-1001 photos") == ["Thank you. SE-1001: you accepted Site photos."]
    assert "it was not accepted" in asker.sends(pdf("l"))[0]
    olga.new()
    asker.sends(pdf("new licence"))
    assert "please check these documents: Insurance policy, Labour licence." in "\n".join(olga.new())
    olga.taps("Accept all")
    assert site.open("SE-1001") == ["work"]
    assert "accepted by Olga Office" in asker.last.text
    verdicts = {f.verdict for f in site.run("SE-1001").files}
    assert verdicts == {Verdict.ACCEPTED, Verdict.REJECTED}
    site.events("SE-1001")
    site.whole()


def test_rejecting_waiving_and_accepting_by_word(site: World) -> None:
    asker, olga, mia = site.whatsapp(), site.telegrams("5000000021", "Olga Office"), site.staff("Mia")
    assert "please write the reason too, behind Labour licence" in mia.says("waive SE-1001 2")[0]
    assert "which document do you mean?\n" not in mia.says("waive SE-1001 licence: they are registered with us")[0]
    assert "Labour licence is not needed any more, says Mia Manager.\nReason: they are registered with us" in asker.last.text
    assert "not needed already" in mia.says("waive SE-1001 लाइसेंस because")[0]
    assert "somebody else must say this" in asker.says("waive SE-1001 photos none there")[0]
    assert "is not here yet" in olga.says("reject SE-1001 photos too dark")[0]
    assert "2. Labour licence" in olga.says("reject SE-1001 whatever")[0]
    asker.sends(pdf("i"))
    olga.says("reject SE-1001 Insurance policy, wrong firm")
    assert "Reason: wrong firm" in asker.last.text
    stranger = site.whatsapp("+919800000098", "Stan Stranger")
    assert stranger.says("waive SE-1001 photos because")[0].startswith("I find nothing of yours")
    before = site.run("SE-1001")
    site.add("Sam Store", ("email", "sam@example.com"), roles=("manager", "office"))
    for word in ("waive SE-1001 photos none", "accept SE-1001 photos", "reject SE-1001 insurance old"):
        assert site.staff("Sam").says(word) == ["A mail does not prove who wrote it. Please write this in the chat."]
    assert site.run("SE-1001") == before


def test_a_policy_is_renewed_thirty_days_ahead(site: World) -> None:
    asker, mia = site.whatsapp(), site.staff("Mia")
    accepted(site)
    asker.new(), mia.new()
    site.later(days=69)
    assert site.open("SE-1001") == ["work"]
    site.later(days=3)
    site.greet()
    asker.says("mine")
    assert sorted(site.open("SE-1001")) == ["papers", "work"]
    seen = "\n".join([*asker.texts, *[row.content["text"] for row in site.outbox("SE-1001") if "text" in row.content]])
    assert "Insurance policy is valid until 10 Jun 2026 only. Please renew it in time." in seen
    asker.sends(pdf("new policy"))
    asker.says("in 400 days")
    site.telegrams("5000000021", "Olga Office").taps("Accept all")
    assert site.open("SE-1001") == ["work"]
    assert [row.rung for row in site.timers("SE-1001") if row.rung.startswith("expiry")] == [
        "expiry30:insurance",
        "expiry15:insurance",
        "expiry7:insurance",
    ]
    site.events("SE-1001")


def test_a_payment_waits_until_there_is_a_valid_policy(site: World) -> None:
    asker, olga, fay = site.whatsapp(), site.telegrams("5000000021", "Olga Office"), site.staff("Fay")
    accepted(site, "in 3 days")
    site.clock.advance(timedelta(days=5))
    site.greet()
    asker.says("hi")
    olga.taps("Done")
    assert site.open("SE-1001") == ["papers"]
    assert site.run("SE-1001").steps["papers"].returns_to == ("payment",)
    text = "\n".join(asker.texts)
    assert "Payment waits until a valid one is here." in text
    assert "Please send: Insurance policy." in asker.last.text
    asker.sends(pdf("the new policy"))
    asker.says("in 300 days")
    assert site.open("SE-1001") == ["papers"], "it is checked first"
    olga.taps("Accept all")
    assert site.open("SE-1001") == ["payment"]
    fay.taps("Paid", "SE-1001")
    assert site.run("SE-1001").outcome == "finished"
    assert site.timers("SE-1001") == []
    site.events("SE-1001")
    site.whole()
