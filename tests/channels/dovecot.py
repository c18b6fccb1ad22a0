"""A Dovecot of the tests' own: unprivileged, on loopback, its mail in a temporary folder."""

from __future__ import annotations

import contextlib
import getpass
import imaplib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port, unprivileged

PROGRAM = shutil.which("dovecot", path=os.defpath + ":/usr/sbin:/usr/local/sbin")
USER, PASSWORD = "baton@example.com", "p/a@ss wörd"

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class Dovecot:
    def __init__(self, folder: Path) -> None:
        self._folder, self._who = folder, unprivileged()
        self.port = free_port()
        account = pwd.getpwuid(self._who["user"]) if self._who else pwd.getpwnam(getpass.getuser())
        group = subprocess.run(["id", "-gn", account.pw_name], check=True, capture_output=True, text=True).stdout.strip()
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        config = _CONFIG.format(folder=folder, user=account.pw_name, group=group, port=self.port)
        (folder / "dovecot.conf").write_text(config)
        self.start()

    def start(self) -> None:
        self._server = subprocess.Popen(
            [str(PROGRAM), "-F", "-c", self._folder / "dovecot.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            start_new_session=True,
            **self._who,
        )
        for _ in range(100):
            with contextlib.suppress(OSError, imaplib.IMAP4.error), self.client():
                return
            if self._server.poll() is not None:
                break
            time.sleep(0.1)
        log = self._folder / "log"
        pytest.fail(f"Dovecot did not start: {log.read_text()[-2000:] if log.exists() else 'no log'}")

    def stop(self) -> None:
        """The server and the sessions it left behind."""
        self._server.terminate()
        self._server.wait(timeout=30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """Somebody else at the same mailbox."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as client:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield client


def running() -> Iterator[Dovecot]:
    """For a fixture: a Dovecot, or a skip with its reason (in CI a failure)."""
    if PROGRAM is None and os.environ.get("CI"):
        pytest.fail("CI must install Dovecot (dovecot-imapd): the mailbox reader is tested against it")
    if PROGRAM is None:
        pytest.skip("Dovecot is not installed (apt install dovecot-imapd): the mailbox reader's tests are skipped")
    folder = Path(tempfile.mkdtemp(prefix="baton-imap-"))
    who = unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    try:
        server = Dovecot(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
