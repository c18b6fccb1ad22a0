"""A small sound flow file, and ways to break it: each swaps one part of the file for another, with ¦ where the problem stands."""

from __future__ import annotations

from dataclasses import dataclass

SOUND = """\
flow: leave
prefix: LV
title: {en: Leave, hi: छुट्टी}
summary: {en: "{days} days", hi: "{days} दिन"}
start:
  phrases: [leave, छुट्टी]
  by: [anyone]
roles:
  head: {en: Head, hi: प्रमुख}
  manager: {en: Manager, hi: प्रबंधक}
participants:
  agency:
    title: {en: Agency, hi: एजेंसी}
    address: agency_email
    name: kind
fields:
  days:
    type: number
    title: {en: Days, hi: दिन}
    ask: {en: How many days?, hi: कितने दिन?}
  kind:
    type: choice
    title: {en: Kind, hi: प्रकार}
    ask: {en: Which kind?, hi: कौन सी?}
    choices:
      sick: {en: Sick, hi: बीमारी}
      other: {en: Other, hi: अन्य}
  first_day:
    type: date
    title: {en: First day, hi: पहला दिन}
    ask: {en: From when?, hi: कब से?}
  agency_email:
    type: email
    personal: agency
    required: no
    title: {en: Agency, hi: एजेंसी}
    ask: {en: Which agency?, hi: कौन सी एजेंसी?}
  costs:
    type: lines
    currency: INR
    title: {en: Costs, hi: खर्च}
    ask: {en: What does it cost?, hi: खर्च कितना?}
  total:
    type: money
    currency: INR
    title: {en: Total, hi: कुल}
    formula: total(costs)
documents:
  note:
    title: {en: Doctor's note, hi: पर्चा}
    minimum: "days > 2 ? 1 : 0"
  letter:
    title: {en: Letter, hi: पत्र}
    minimum: 0
checks:
  short:
    rule: days <= 10
    warn: {en: This is long., hi: यह लंबी है।}
steps:
  - ask: request
    title: {en: Request, hi: अनुरोध}
    owner: requester
    due: 1bd
    fields: [days, kind, first_day, agency_email, costs]
  - collect: papers
    title: {en: Papers, hi: काग़ज़}
    owner: requester
    due: 2bd
    documents: [note]
  - branch: how_long
    cases:
      - case: long
        when: days > 5
        steps:
          - approve: by_head
            title: {en: Approval, hi: मंज़ूरी}
            by: [head, manager]
            policy: in sequence
            due: 4bh
            ladder: [50% owner, 150% manager]
            send_back_to: request
            checks: [short]
      - otherwise: brief
  - generate: letter_made
    template: leave_letter
    document: letter
    series: LV
  - do: handover
    title: {en: Handover, hi: हस्तांतरण}
    owner: head
    due: 1d before first_day
    by_mail: yes
    instruction: {en: Hand over., hi: काम सौंपें।}
    attach: [letter]
    outcomes:
      done: {en: Done, hi: हो गया}
      refused:
        label: {en: Refused, hi: नहीं}
        ends: refused
  - notify: tell_agency
    to: agency
    message: {en: "Absent from {first_day}, {LV}.", hi: "{first_day} से छुट्टी, {LV}।"}
  - end: granted
    message: {en: Enjoy., hi: शुभ।}
"""


@dataclass(frozen=True)
class Broken:
    """`old` stands once in `base`; `new` has one ¦ at the expected place, if that lies in it, else `at` names the text there."""

    old: str
    new: str
    problem: str
    hint: str
    at: str = ""
    base: str = SOUND

    def text(self) -> tuple[str, int, int]:
        """The broken file, with the expected line and column."""
        assert self.base.count(self.old) == 1, f"{self.old!r} stands {self.base.count(self.old)} times"
        marked = self.base.replace(self.old, self.new)
        if self.at:
            marked = marked.replace(self.at, "¦" + self.at, 1)
        before, mark, after = marked.partition("¦")
        assert mark, "no place is marked"
        return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")
