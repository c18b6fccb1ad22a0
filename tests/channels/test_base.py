"""The contract's own small promises, and the package's public face."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

import channels
from channels.base import Delivery, EventKind, Inbound, Media, plain


def test_the_public_face() -> None:
    assert set(channels.__all__) == {
        "Attachment",
        "BadRequest",
        "BadSignature",
        "Button",
        "Channel",
        "ChannelError",
        "ConfigurationError",
        "Delivery",
        "EventKind",
        "Inbound",
        "Limits",
        "Media",
        "MediaError",
        "Message",
        "Reach",
        "SendError",
        "Sent",
        "Shapes",
        "fit",
        "nowhere",
    }
    assert all(hasattr(channels, name) for name in channels.__all__)


def test_a_channel_that_is_off_costs_nothing() -> None:
    """Importing the package brings in no provider's SDK."""
    program = "import sys, channels; print([name for name in ('twilio', 'telegram', 'httpx', 'requests') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_report_is_ranked() -> None:
    in_order = [Delivery.UNKNOWN, Delivery.QUEUED, Delivery.SENT, Delivery.DELIVERED, Delivery.READ, Delivery.FAILED]
    assert sorted(Delivery, key=lambda delivery: delivery.rank) == in_order


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_whatever_comes_in_can_be_stored(text: str) -> None:
    media = Media("ref", "image/jpeg", name=text)
    inbound = Inbound("memory", "us", EventKind.MESSAGE, text, text, b"", text=text, reply_to=(text,), media=(media,))
    for kept in (inbound.text, inbound.sender, inbound.event_id, inbound.reply_to[0], media.name):
        assert kept == plain(text)
        assert "\0" not in kept
        assert kept.encode() or not kept


@settings(deadline=None)
@given(st.text(max_size=20))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text.replace("\0", "")
