"""Flow files of a business of its own: an order with an offer for each line, and one that asks another flow for leave to go on."""

from __future__ import annotations

from pathlib import Path

OFFER = """flow: vendor-offer
prefix: VO
title: {en: Offer}
summary: {en: "{item}"}
roles:
  purchase: {en: Purchase}
  manager: {en: Manager}
fields:
  item: {type: text, title: {en: Item}, ask: {en: "Which item?"}}
  quantity: {type: number, title: {en: Quantity}, ask: {en: "How many?"}}
  rate: {type: number, title: {en: Usual rate}, ask: {en: "What does it usually cost?"}}
steps:
  - do: offer
    title: {en: Get an offer}
    owner: purchase
    due: 1bd
    instruction: {en: "Please get an offer for {quantity} {item}."}
    outcomes:
      got: {en: Offer received}
      none: {label: {en: No offer}, ends: no_offer}
  - end: done
    outcome: got
    message: {en: "There is an offer for {item}."}
"""

LEAVE = """flow: extra-cost
prefix: XC
title: {en: Extra cost}
summary: {en: "{what}"}
roles:
  department_head: {en: Department head}
  finance: {en: Finance}
  manager: {en: Manager}
fields:
  what: {type: text, title: {en: What for}, ask: {en: "What for?"}}
  granted: {type: money, currency: INR, title: {en: Granted}, ask: {en: "How much is granted?"}}
steps:
  - approve: consent
    title: {en: Consent}
    by: department_head
    due: 1bd
  - ask: amount
    title: {en: Amount}
    owner: finance
    fields: [granted]
    due: 1bd
  - end: agreed
    outcome: agreed
    message: {en: "{granted} is granted."}
"""

ORDER = """flow: site-order
prefix: SO
title: {en: Site order}
summary: {en: "{site}"}
start:
  phrases: [site order]
roles:
  manager: {en: Manager}
  store: {en: Store}
fields:
  site: {type: text, title: {en: Site}, ask: {en: "Which site?"}}
  parts: {type: lines, currency: INR, title: {en: Parts}, ask: {en: "Which parts?"}}
  granted: {type: money, currency: INR, title: {en: Granted}, ask: {en: "How much?"}}
steps:
  - ask: request
    title: {en: Request}
    owner: requester
    fields: [site, parts]
    due: 1bd
  - each: offers
    title: {en: Offers}
    of: parts
    flow: vendor-offer
    give: {item: line.item, quantity: line.quantity, rate: line.rate}
    join: JOIN
    due: 2bd
  - subflow: extra
    title: {en: Extra cost}
    flow: extra-cost
    give: {what: site}
    take: {granted: granted}
    due: 2bd
    outcomes:
      rejected: {ends: refused}
  - do: deliver
    title: {en: Delivery}
    owner: store
    due: 1bd
    instruction: {en: "Please deliver to {site}."}
    by_mail: yes
    outcomes:
      done: {en: Delivered}
  - end: done
    outcome: completed
    message: {en: "All is at {site}."}
"""

FLOWS = {"vendor-offer": OFFER, "extra-cost": LEAVE, "site-order": ORDER}
REQUEST = """site order
Site: Pune
Parts: 2 pcs pump @ 100; 3 m pipe @ 40"""


def written(folder: Path, *, join: str = "all", **changed: str) -> Path:
    """The three flow files in `folder`; `changed` has other texts for some, a dash written as `_`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FLOWS.items():
        (folder / f"{name}.yaml").write_text(changed.get(name.replace("-", "_"), text).replace("JOIN", join))
    return folder
