"""The people of the benchmark and what Twilio posts for them: signed webhooks with the fields of captured real ones."""

from __future__ import annotations

import base64
import hmac
import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

ROUTE = "/webhooks/twilio"
OUR_NUMBER = "+919600000000"
LANES = 16


@dataclass(frozen=True, slots=True)
class Lane:
    """One copy of the benchmark's flow: its start phrase, its role, and the one approver who holds it."""

    flow: str
    phrase: str
    role: str
    approver: str


def lanes(count: int = LANES) -> tuple[Lane, ...]:
    """`count` lanes with neutral numbers."""
    return tuple(Lane(f"bench-{n:02}", f"spend {n:02}", f"approver_{n:02}", f"+9197000000{n:02}") for n in range(count))


def requesters(count: int) -> tuple[str, ...]:
    """`count` requesters' numbers, none of them an approver's."""
    return tuple(f"+9198{n:08}" for n in range(count))


@dataclass(frozen=True, slots=True)
class Account:
    """The Twilio account whose webhooks are signed, and the address that it was told to call (`PUBLIC_BASE_URL`)."""

    sid: str
    token: str
    base: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request body with its headers."""

    body: bytes
    headers: dict[str, str]


class Phones:
    """Makes the webhook of each thing that a person does."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._sids: Iterator[str] = map(f"{secrets.token_hex(8)}{{:016x}}".format, itertools.count())

    def writes(self, sender: str, text: str) -> Webhook:
        """`sender` writes `text` to the business."""
        return self._signed(sender, text, {"MessageType": "text"})

    def taps(self, sender: str, label: str, payload: str, replied: str) -> Webhook:
        """`sender` taps the button `label` of our message `replied`."""
        tap = {
            **{"MessageType": "interactive", "ButtonText": label, "ButtonPayload": payload},
            **{"OriginalRepliedMessageSid": replied, "OriginalRepliedMessageSender": f"whatsapp:{OUR_NUMBER}"},
        }
        return self._signed(sender, label, tap)

    def _signed(self, sender: str, text: str, more: dict[str, str]) -> Webhook:
        sid, digits = f"SM{next(self._sids)}", sender.removeprefix("+")
        context = f'{{"ProfileName":"Phone {digits[-4:]}","WaId":"{digits}"}}'
        form = {
            **{"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": self._account.sid},
            **{"From": f"whatsapp:{sender}", "To": f"whatsapp:{OUR_NUMBER}", "Body": text, "WaId": digits},
            **{"NumMedia": "0", "NumSegments": "1", "ReferralNumMedia": "0", "SmsStatus": "received"},
            **{"ApiVersion": "2010-04-01", "ProfileName": f"Phone {digits[-4:]}"},
            **{"ChannelMetadata": f'{{"type":"whatsapp","data":{{"context":{context}}}}}'},
            **more,
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signature(self._account.token, self._account.base + ROUTE, form),
        }
        return Webhook(urlencode(form).encode(), headers)


def signature(token: str, url: str, form: dict[str, str]) -> str:
    """Twilio's signature of a form post: HMAC-SHA1 over the address and the sorted fields, in base64."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
