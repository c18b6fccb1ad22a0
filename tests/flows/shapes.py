"""Flow files that are harder to draw and to describe than most, made from the small sound one."""

from __future__ import annotations

from tests.flows.broken import SOUND

NASTY = 'say "hi" <b>&amp;</b> #1; `x` ]|'
NASTY_FLOW = SOUND.replace("{en: Handover,", "{en: '" + NASTY + "',").replace(
    "title: {en: Leave,", "title: {en: '" + NASTY + "',"
)

_INNER = """\
      - otherwise: brief
        steps:
          - branch: inner
            cases:
              - case: few
                when: days > 1
              - otherwise: one
                steps:
                  - do: end
                    title: {en: Word, hi: शब्द}
                    owner: head
                    due: 18:00
                    instruction: {en: Look., hi: देखें।}
                    outcomes:
                      fine: {en: Fine, hi: ठीक}
                      again: {label: {en: Again, hi: फिर}, send_back_to: papers}
                      anew: {label: {en: Anew, hi: नया}, send_back_to: request}
                      lost: {label: {en: Lost, hi: खोया}, ends: lost}
"""
TANGLED = SOUND.replace("      - otherwise: brief\n", _INNER)  # a branch in a branch, and a step named like a word of Mermaid

_AT_ONCE = """\
  - wait: answer
    until: 2bd after first_day
    owner: requester
    fields: [days]
  - parallel: meanwhile
    join: 1 of 2
    blocks:
      - block: one
        steps:
          - approve: by_all
            title: {en: All, hi: सब}
            by: [head, manager]
            policy: 60 percent
            due: 1bd
          - wait: a_while
            until: first_day
      - block: other
        steps:
          - notify: tell_head
            to: head
            message: {en: Soon., hi: जल्दी।}
  - generate: letter_made
"""
AT_ONCE = SOUND.replace("  - generate: letter_made\n", _AT_ONCE)
