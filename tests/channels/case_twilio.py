from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any, ClassVar

from channels.base import Delivery, EventKind, Media, Reach, nowhere
from channels.memory import MemoryShapes
from channels.twilio import TwilioWhatsApp
from tests.channels.cases import PERMANENT, RETRYABLE, UNKNOWN, Case, Seen, Webhook
from tests.channels.provider import DROP, Answer, Provider, Request

ACCOUNT, TOKEN, BASE = "AC0123456789abcdef0123456789abcdef", "a-twilio-token-for-tests", "https://baton.example"
MEDIA_URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'5' * 32}/Media/ME"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


def refusal(status: int, code: int, **headers: str) -> Answer:
    told = {"code": code, "message": f"Refused for {code}: +919800000001", "more_info": "", "status": status}
    return Answer.json(told, status, **headers)


class FakeTwilio(Provider):
    """Messages and Content of the REST API, as far as documented: refuses what the documents say it refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}

    def honest(self, request: Request, number: int) -> Answer:
        if request.headers.get("authorization") != BASIC:
            return refusal(401, 20003)
        if request.path == "/v1/Content":
            return self._make(json.loads(request.body), number)
        if request.path in self.files:
            return Answer(200, self.files[request.path], {"Content-Type": "application/pdf"})
        if request.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return refusal(404, 20404)
        return self._message(request, number)

    def _make(self, told: dict[str, Any], number: int) -> Answer:
        sid = f"HX{number:032x}"
        self.contents[sid] = told
        return Answer.json({"sid": sid, "account_sid": ACCOUNT, **told}, 201)

    def _message(self, request: Request, number: int) -> Answer:
        form = request.fields()
        values = list(json.loads(form.get("ContentVariables", "{}")).values())
        if any(not value or re.search(r"[\n\t]| {4}", value) for value in values):
            return refusal(400, 21656)
        if len(form.get("Body", "")) > 1600 or not (form["To"].startswith("whatsapp:") and form["From"].startswith("whatsapp:")):
            return refusal(400, 21617)
        sid = ("MM" if "MediaUrl" in form else "SM") + f"{number:032x}"
        return Answer.json({"sid": sid, "status": "queued", "account_sid": ACCOUNT, "to": form["To"], "error_code": None}, 201)

    def filled(self, form: dict[str, Any]) -> tuple[str, list[dict[str, str]]]:
        """What the person sees of a Content message: its text and its choices."""
        variables = json.loads(form["ContentVariables"])
        template = json.dumps(self.contents[form["ContentSid"]]["types"])
        told = json.loads(re.sub(r"\{\{(\d+)\}\}", lambda found: json.dumps(variables[found[1]])[1:-1], template))
        (content,) = told.values()
        return content["body"], content.get("actions") or content["items"]


class TwilioCase(Case):
    name = "twilio"
    address = "+919800000001"
    signature = "X-Twilio-Signature"
    signs_url = True
    expectations: ClassVar = {
        "text": {
            "kind": EventKind.MESSAGE,
            "account": "+14155550100",
            "event_id": "SM" + "1" * 32,
            "message_id": "SM" + "1" * 32,
            "sender": "+919800000001",
            "conversation": "+919800000001",
            "sender_name": "Sample Requester",
            "text": "Need 12 chairs + 2 desks, about ₹50k\nby Friday",
            "reply_to": (),
            "media": (),
            "forwarded": False,
        },
        "tap": {
            "kind": EventKind.TAP,
            "sender": "+919800000001",
            "payload": "t-0Yb3kq9hV5lZcWmX1rP7Qw",
            "text": "Approve",
            "reply_to": ("MM" + "a" * 32,),
            "forwarded": False,
        },
        "list": {"kind": EventKind.TAP, "payload": "t-branch-7", "text": "Branch 7", "reply_to": ("MM" + "b" * 32,)},
        "quoted": {"kind": EventKind.MESSAGE, "payload": "", "text": "yes, go ahead", "reply_to": ("SM" + "c" * 32,)},
        "media": {
            "kind": EventKind.MESSAGE,
            "text": "",
            "media": (Media(MEDIA_URL + "0" * 32, "image/jpeg"), Media(MEDIA_URL + "1" * 32, "application/pdf")),
        },
        "username": {"kind": EventKind.MESSAGE, "sender": "IN.4566546130240823", "forwarded": True},
        "location": {"kind": EventKind.MESSAGE, "text": "", "media": ()},
        "sms": {"kind": EventKind.UNKNOWN, "sender": "+919800000001", "payload": ""},
        "delivered": {
            "kind": EventKind.STATUS,
            "account": "+14155550100",
            "event_id": "MM" + "a" * 32 + ":delivered:",
            "message_id": "MM" + "a" * 32,
            "sender": "+919800000001",
            "status": Delivery.DELIVERED,
            "error": "",
        },
        "window_closed": {
            "event_id": "MM" + "b" * 32 + ":failed:63016",
            "status": Delivery.FAILED,
            "error": "63016",
            "window_closed": True,
            "opted_out": False,
        },
        "opted_out": {"status": Delivery.FAILED, "error": "63014", "opted_out": True, "window_closed": False},
        "novel_status": {"kind": EventKind.STATUS, "status": Delivery.UNKNOWN},
        "event": {"kind": EventKind.UNKNOWN, "sender": ""},
    }

    def __init__(self) -> None:
        self.provider = FakeTwilio()
        self.shapes = MemoryShapes()

    def channel(self, reach: Reach = nowhere) -> TwilioWhatsApp:
        return TwilioWhatsApp(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            sender="whatsapp:+14155550100",
            public_base_url=BASE + "/",
            shapes=self.shapes,
            api_base=self.provider.base,
            reach=reach,
        )

    def signed(self, body: bytes) -> Webhook:
        """By its hash in the address, which goes for any bytes."""
        url = "/webhooks/twilio?bodySHA256=" + hashlib.sha256(body).hexdigest()
        return Webhook(body, {self.signature: sign(url, [])}, url)

    def seen(self) -> list[Seen]:
        forms = [request.fields() for request in self.provider.taken if request.path.endswith("/Messages.json")]
        return [self._seen(form) for form in forms]

    def _seen(self, form: dict[str, Any]) -> Seen:
        text, choices = self.provider.filled(form) if "ContentSid" in form else (form.get("Body", ""), [])
        files = (form["MediaUrl"],) if "MediaUrl" in form else ()
        return Seen(form["To"].removeprefix("whatsapp:"), text, tuple(choice["id"] for choice in choices), files)

    def refuse(self, how: str, *, times: int = 1) -> None:
        answers = {RETRYABLE: refusal(429, 20429), PERMANENT: refusal(400, 21211), UNKNOWN: DROP}
        self.provider.refuse("/Messages.json", *[answers[how]] * times)

    def media(self, content: bytes) -> Media:
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'5' * 32}/Media/ME{'1' * 32}"
        self.provider.files[path] = content
        return Media("https://api.twilio.com" + path, "application/pdf")

    def close(self) -> None:
        self.provider.close()


def sign(url: str, pairs: list[tuple[str, str]]) -> str:
    """Twilio's signature, written from its description."""
    told = "".join(f"{name}{value}" for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(TOKEN.encode(), (BASE + url + told).encode(), hashlib.sha1).digest()).decode()


CASE = TwilioCase
