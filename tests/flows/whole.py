"""A flow file that says everything that the language can say, and two small flows that it starts."""

from __future__ import annotations

WHOLE = """\
flow: site-visit
prefix: SV
industry: construction
title: {en: Site visit, hi: साइट}
summary: {en: "{site}, {net}", hi: "{site}, {net}"}
amount: net
alike: [site, engineer_phone]
pace:
  - when: urgent
    share: 50%
  - when: alike_7d > 2 && alike_open == 0 && alike_ever < 100
    share: 150%
start:
  by: [engineer]
roles:
  engineer: {en: Engineer, hi: अभियंता}
  store: {en: Store, hi: भंडार}
  accounts: {en: Accounts, hi: लेखा}
  manager: {en: Manager, hi: प्रबंधक}
participants:
  vendor:
    title: {en: Vendor, hi: विक्रेता}
    address: engineer_phone
fields:
  site: {type: text, title: {en: Site, hi: साइट}, ask: {en: Which site?, hi: कौन सी साइट?}}
  urgent: {type: yes_no, title: {en: Urgent, hi: ज़रूरी}, ask: {en: Has work stopped?, hi: काम रुका?}}
  begins: {type: date, title: {en: Begins, hi: शुरू}, ask: {en: From when?, hi: कब से?}}
  engineer_phone:
    type: phone
    personal: vendor
    seen_by: [accounts, manager]
    title: {en: Phone, hi: फ़ोन}
    ask: {en: Which number?, hi: कौन सा नंबर?}
  items: {type: lines, currency: INR, title: {en: Items, hi: सामान}, ask: {en: Which items?, hi: क्या सामान?}}
  gross: {type: money, currency: INR, title: {en: Gross, hi: सकल}, formula: total(items)}
  retention: {type: number, title: {en: Retention, hi: रोक}, ask: {en: How many percent?, hi: कितने प्रतिशत?}}
  held: {type: money, currency: INR, title: {en: Held, hi: रोका}, formula: "percent(retention, gross)"}
  extra: {type: money, currency: INR, title: {en: Extra, hi: अतिरिक्त}, ask: {en: How much more?, hi: और कितना?}}
  both: {type: money, currency: INR, title: {en: Both, hi: दोनों}, formula: "sum(gross, extra)"}
  net: {type: money, currency: INR, title: {en: Net, hi: शुद्ध}, formula: "difference(gross, held)"}
  policy_until: {type: date, title: {en: Valid until, hi: वैध}, ask: {en: Until when?, hi: कब तक?}}
  invoice_no: {type: text, title: {en: Invoice no., hi: बिल सं.}, ask: {en: Which number?, hi: कौन सी संख्या?}}
  letter: {type: text, title: {en: Letter, hi: पत्र}, ask: {en: What do we write?, hi: क्या लिखें?}}
  visit_date: {type: date, title: {en: Visit, hi: दौरा}, ask: {en: Which day?, hi: कौन सा दिन?}}
  visit_time: {type: text, title: {en: Time, hi: समय}, ask: {en: At what time?, hi: किस समय?}}
documents:
  policy: {title: {en: Policy, hi: बीमा}, expires: policy_until}
  invoice: {title: {en: Invoice, hi: बिल}}
checks:
  small: {rule: net <= 10000, warn: {en: This is much., hi: यह बहुत है।}}
steps:
  - ask: request
    title: {en: Request, hi: अनुरोध}
    owner: requester
    due: 3d
    ladder: [1d owner, 6h before due owner, 100% owner, 1bd after due manager]
    fields: [site, urgent, begins, engineer_phone, items, retention, extra]
    if_cancelled:
      - do: take_back
        title: {en: Take back, hi: वापसी}
        owner: pool store
        due: 1bd
        instruction: {en: Take it back., hi: वापस लें।}
        outcomes:
          done: {en: Done, hi: हो गया}
      - notify: called_off
        to: least_busy store
        message: {en: It was called off., hi: रद्द हुआ।}
  - collect: papers
    title: {en: Papers, hi: काग़ज़}
    owner: field engineer_phone
    due: 2bd after start
    documents: [policy, invoice]
    checked_by: in_turn accounts
  - worker: read_invoice
    title: {en: Reading, hi: पढ़ना}
    job: extract
    owner: accounts
    due: 4bh
    documents: [invoice]
    fields: [invoice_no]
  - worker: letter_draft
    title: {en: Draft, hi: मसौदा}
    job: draft
    owner: person asha@example.net
    due: 4bh
    fields: [letter]
    text: {en: "Dear {site}", hi: "प्रिय {site}"}
    outcomes:
      good: {en: Good, hi: ठीक}
      wrong: {label: {en: Wrong, hi: ग़लत}, send_back_to: papers}
      off: {label: {en: Off, hi: रद्द करें}, ends: called_off}
  - worker: looked_through
    title: {en: Check, hi: जाँच}
    job: check
    owner: person +919876543210
    due: 4bh
    checks: [small]
  - approve: by_accounts
    title: {en: Approval, hi: मंज़ूरी}
    by: accounts
    due: 4bh
    needs: [policy]
    not_by: [read_invoice]
    attach: [invoice]
    proof: pin
    send_back_to: request
  - do: weigh
    title: {en: Weighing, hi: तौल}
    owner: store
    due: 0d after begins
    ladder: [1d owner, 3d owner, 4d manager]
    confirm_by: pool accounts
    not_by: [by_accounts]
    proof: code
    instruction: {en: Weigh it., hi: तौलें।}
    outcomes:
      weighed: {en: Weighed, hi: तौला}
  - schedule: visit
    title: {en: Visit, hi: दौरा}
    owner: vendor
    with: engineer
    slots: ["10:00", "11:30", "15:00"]
    after: 1bd
    within: 5bd
    minutes: 45
    capacity: 2
    date: visit_date
    time: visit_time
    place: {en: Site office, hi: दफ़्तर}
    due: 2bd
  - subflow: variation
    title: {en: Variation, hi: बदलाव}
    flow: variation-approval
    give: {where: site, cost: net}
    take: {extra: agreed}
    wait: yes
    due: 5bd
    outcomes:
      rejected: {ends: rejected}
      changed: {send_back_to: papers}
  - each: per_item
    title: {en: Items, hi: सामान}
    of: items
    flow: item-line
    give: {item: line.item, quantity: line.quantity, price: line.rate, where: site}
    join: 2
  - wait: quiet
    until: 3d after weigh
    when: attempts.weigh >= 1 && outcomes.weigh == "weighed"
  - branch: again
    cases:
      - case: once_more
        when: outcomes.quiet == "time-up" && children.per_item < 2
        back_to: papers
      - otherwise: fine
  - end: visited
    review_after: 180d
    message: {en: Thank you., hi: धन्यवाद।}
"""

VARIATION = """\
flow: variation-approval
prefix: VA
title: Variation
summary: "{where}"
roles: {manager: Manager}
fields:
  where: {type: text, title: Where, ask: Where?}
  cost: {type: money, currency: INR, title: Cost, ask: How much?}
  agreed: {type: money, currency: INR, title: Agreed, ask: How much then?}
steps:
  - ask: first
    title: First
    owner: manager
    due: 1bd
    fields: [where, cost, agreed]
  - approve: agree
    title: Agree
    by: manager
    due: 1bd
  - branch: which
    cases:
      - case: same
        when: agreed == cost
        steps:
          - end: approved
            message: Agreed.
      - otherwise: other
  - end: changed
    message: Changed.
"""

ITEM = """\
flow: item-line
prefix: IL
title: Item
summary: "{item}"
roles: {manager: Manager}
fields:
  item: {type: text, title: Item, ask: Which?}
  quantity: {type: number, title: Quantity, ask: How many?}
  price: {type: money, currency: INR, title: Price, ask: What price?}
  where: {type: text, title: Where, ask: Where?}
steps:
  - ask: first
    title: First
    owner: manager
    due: 1bd
    fields: [item, quantity, price, where]
  - end: done
    message: Done.
"""
