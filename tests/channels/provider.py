"""A local server that speaks a provider's HTTP: small, and honest to what the official clients expect of it."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)

    def fields(self) -> dict[str, Any]:
        """Of a plain or multipart form: one value each; a file is (name, type, content)."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/"):
            return {name: values[0] for name, values in self.form().items()}
        parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body).get_payload()
        return dict(_field(part) for part in parts)


def _field(part: Any) -> tuple[str, Any]:
    name = part.get_param("name", header="content-disposition")
    content = part.get_payload(decode=True)
    return name, (part.get_filename(), part.get_content_type(), content) if part.get_filename() else content.decode()


@dataclass(frozen=True)
class Answer:
    """`drop`: hang up without a word, after the whole request was read. `delay`: seconds before answering. `raw`: the
    body is on the wire as it stands, its length not told."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    delay: float = 0.0
    raw: bool = False

    @classmethod
    def json(cls, told: object, status: int = 200, **headers: str) -> Answer:
        return cls(status, json.dumps(told).encode(), {"Content-Type": "application/json", **headers})


DROP = Answer(drop=True)


class Provider:
    """Listens on loopback until closed. `next` holds answers to give before the honest ones to requests whose path ends so;
    `requests` everything that was asked, `taken` what was answered honestly."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.taken: list[Request] = []
        self.next: dict[str, deque[Answer]] = {}
        self._changing = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._connections: list[Any] = []
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self._open = True

    def honest(self, request: Request, number: int) -> Answer:
        """The provider's own answer; `number` counts the requests taken."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        with self._changing:
            self.requests.append(request)
            path = urlsplit(request.path).path
            waiting = next((answers for end, answers in self.next.items() if path.endswith(end) and answers), None)
            if waiting:
                return waiting.popleft()
            self.taken.append(request)
            return self.honest(request, len(self.taken))

    def refuse(self, end: str, *answers: Answer) -> None:
        self.next.setdefault(end, deque()).extend(answers)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._server.shutdown()
            self._server.server_close()
            for connection in self._connections:
                with contextlib.suppress(OSError):  # its thread may have closed it
                    connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that hung up is no error
            super().handle_error(request, client_address)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            provider._connections.append(self.connection)

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:  # closed under us at the end of a test
                self.close_connection = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = provider.answer(Request(self.command, self.path, headers, body))
            time.sleep(answer.delay)
            if answer.drop:
                self.close_connection = True
                return
            self.send_response(answer.status)
            length = {} if answer.raw else {"Content-Length": str(len(answer.body))}
            for name, value in {**length, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
