"""Every way in and out of Baton: one adapter per provider (`channels.twilio`, `channels.telegram`, `channels.email`,
`channels.memory`) behind the contract in `channels.base`. Adapters are imported by their module, so that a channel that is off
costs neither its SDK's memory nor its start-up time."""

from channels.base import (
    Attachment,
    BadRequest,
    BadSignature,
    Button,
    Channel,
    ChannelError,
    ConfigurationError,
    Delivery,
    EventKind,
    Inbound,
    Limits,
    Media,
    MediaError,
    Message,
    Reach,
    SendError,
    Sent,
    Shapes,
    nowhere,
)
from channels.fit import fit

__all__ = [
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
]
