"""Handing a finished mail to the SMTP server.

A connection is opened per mail. Mail is never the busy channel, a connection kept would need a check before each use, and one
that dies idle can turn a refusal into an unknown outcome.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, suppress

from channels.base import SendError
from channels.mail.server import Server

PORTS = {"smtp": 587, "smtps": 465}


def deliver(server: Server, sender: str, recipient: str, content: bytes, *, helo: str, timeout: float) -> None:
    """One mail to one recipient. Raises SendError. Until the mail itself is offered nothing can be its fault, so a server that
    is away or refuses our login is tried again; from the last line of the mail to the server's answer the outcome is unknown."""
    try:
        client = _open(server, helo, timeout)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        problem = f"the mail server could not be reached: {type(error).__name__}"
        raise SendError(problem, retryable=True, code=_code(error)) from error
    with closing(client):
        _offer(client, sender, recipient, len(content))
        _hand_over(client, content)
        with suppress(OSError, smtplib.SMTPException):  # it is accepted, whatever happens to the farewell
            client.quit()


def _open(server: Server, helo: str, timeout: float) -> smtplib.SMTP:
    """A connection ready for mail. `helo` is given since looking up our own name can hang on a machine without DNS."""
    client: smtplib.SMTP
    if server.security == "tls":
        client = smtplib.SMTP_SSL(server.host, server.port, helo, timeout=timeout, context=server.tls())
    else:
        client = smtplib.SMTP(server.host, server.port, helo, timeout=timeout)
    try:
        if server.security == "starttls":
            client.starttls(context=server.tls())
        client.ehlo_or_helo_if_needed()
        if server.user:
            client.login(server.user, server.password)
    except BaseException:
        client.close()
        raise
    return client


def _offer(client: smtplib.SMTP, sender: str, recipient: str, size: int) -> None:
    try:
        _accepted(*client.mail(sender, [f"size={size}"] if client.has_extn("size") else []))
        _accepted(*client.rcpt(recipient))
    except (OSError, smtplib.SMTPException) as error:
        raise SendError("the mail server hung up before it took the mail", retryable=True, code=type(error).__name__) from error


def _hand_over(client: smtplib.SMTP, content: bytes) -> None:
    try:
        _accepted(*client.data(content))
    except smtplib.SMTPDataError as error:  # its answer to DATA, before it saw the mail
        _accepted(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        problem = "the connection broke while the mail was handed over: it may have been accepted"
        raise SendError(problem, retryable=False, unknown=True, code=type(error).__name__) from error


def _accepted(status: int, answer: bytes | str) -> None:
    """2xx is yes, 4xx not now, the rest no."""
    if not 200 <= status < 300:
        words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        code = " ".join(f"{status} {words}".split())[:200]
        raise SendError(f"the mail server refused the mail ({status})", retryable=400 <= status < 500, code=code)


def _code(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(error.smtp_code)
    return "certificate" if isinstance(error, ssl.SSLCertVerificationError) else type(error).__name__
