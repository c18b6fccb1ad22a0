"""The mailbox reader against a real Dovecot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from channels.base import BadRequest, ConfigurationError
from channels.email import parse_mail
from channels.imap import Cursor, Mailbox, MailboxError
from tests.channels import dovecot
from tests.channels.dovecot import PASSWORD, USER, Dovecot
from tests.conftest import free_port

pytestmark = pytest.mark.xdist_group("dovecot")


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    yield from dovecot.running()


@pytest.fixture
def folder(server: Dovecot, request: pytest.FixtureRequest) -> str:
    """An empty folder of the test's own."""
    name = f"Bot {request.node.name}"
    with server.client() as client:
        client.create(f'"{name}"')
    return name


@pytest.fixture
def mailbox(server: Dovecot, folder: str) -> Iterator[Mailbox]:
    mailbox = Mailbox(url(server.port, folder))
    yield mailbox
    mailbox.close()


def url(port: int, folder: str) -> str:
    return f"imap://{quote(USER)}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/{quote(folder)}"


def mail(words: str, message_id: str = "") -> bytes:
    name = message_id or f"<{words}@example.org>"
    return f"From: asha@example.org\r\nMessage-ID: {name}\r\nSubject: {words}\r\n\r\n{words}\r\n".encode()


def deliver(server: Dovecot, folder: str, *mails: bytes) -> None:
    with server.client() as client:
        for each in mails:
            client.append(f'"{folder}"', "", "", each)


def flags(server: Dovecot, folder: str) -> bytes:
    with server.client() as client:
        client.select(f'"{folder}"', readonly=True)
        return b" ".join(line for line in client.uid("FETCH", "1:*", "(FLAGS)")[1] if isinstance(line, bytes))


Key = Callable[[Cursor, bytes], object]


def by_event_id(cursor: Cursor, raw: bytes) -> object:
    return parse_mail(raw, USER)[0].event_id


def read_all(mailbox: Mailbox, kept: dict[object, bytes], after: Cursor | None, key: Key = by_event_id) -> Cursor | None:
    """What the process around the reader does: keep each mail once, then move on."""
    while mails := mailbox.poll(after):
        for cursor, raw in mails:
            kept.setdefault(key(cursor, raw), raw)
            after = cursor
    return after


def test_mails_come_in_order_whole_and_unseen(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    sent = [mail(f"n{number}") for number in range(3)]
    deliver(server, folder, *sent)
    mails = mailbox.poll(None)
    assert [raw for _, raw in mails] == sent
    assert [cursor[1] for cursor, _ in mails] == [1, 2, 3]
    assert mailbox.poll(mails[0][0]) == mails[1:]
    assert mailbox.poll(mails[-1][0]) == []
    assert b"Seen" not in flags(server, folder)


def test_only_a_confirmed_mail_is_marked_as_seen(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    deliver(server, folder, mail("one"), mail("two"))
    (validity, uid), _ = mailbox.poll(None)[0]
    mailbox.confirm((validity + 1, 2))  # a mail of the folder's former life
    assert b"Seen" not in flags(server, folder)
    mailbox.confirm((validity, uid))
    mailbox.confirm((validity, uid))
    assert flags(server, folder) == b"1 (UID 1 FLAGS (\\Seen)) 2 (UID 2 FLAGS ())"
    assert len(mailbox.poll(None)) == 2


def test_a_long_mailbox_is_read_in_batches(server: Dovecot, folder: str) -> None:
    deliver(server, folder, *(mail(f"n{number}") for number in range(7)))
    mailbox = Mailbox(url(server.port, folder), batch=3)
    assert len(mailbox.poll(None)) == 3
    kept: dict[object, bytes] = {}
    assert read_all(mailbox, kept, None) == mailbox.end()
    assert [raw.rpartition(b"\r\n\r\n")[2] for raw in kept.values()] == [b"n%d\r\n" % number for number in range(7)]
    mailbox.close()


def test_mail_from_before_can_be_left_alone(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    assert mailbox.end()[1] == 0
    deliver(server, folder, mail("years ago"))
    start = mailbox.end()
    deliver(server, folder, mail("today"))
    assert [raw for _, raw in mailbox.poll(start)] == [mail("today")]


def test_a_deleted_mail_is_no_obstacle(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    deliver(server, folder, mail("one"), mail("two"), mail("three"))
    (first, _), *_ = mailbox.poll(None)
    with server.client() as client:
        client.select(f'"{folder}"')
        client.uid("STORE", "1:2", "+FLAGS", r"(\Deleted)")
        client.expunge()
    assert [raw for _, raw in mailbox.poll(first)] == [mail("three")]


def nothing_is_lost_when_the_folder_is_made_anew(server: Dovecot, folder: str, key: Key) -> None:
    """The folder dies and comes back with the same UIDs for other mails, one old mail among them, read by a new process."""
    kept: dict[object, bytes] = {}
    reader = Mailbox(url(server.port, folder))
    deliver(server, folder, mail("old one"), mail("old two"))
    after = read_all(reader, kept, None, key)
    reader.close()
    with server.client() as client:
        client.delete(f'"{folder}"')
        client.create(f'"{folder}"')
    deliver(server, folder, mail("new one"), mail("old two"), mail("new two"))
    reader = Mailbox(url(server.port, folder))
    ended = read_all(reader, kept, after, key)
    reader.close()
    assert after
    assert ended
    assert (after[0], after[1]) != (ended[0], ended[1])
    assert after[0] != ended[0]
    assert sorted(kept.values()) == sorted(map(mail, ("old one", "old two", "new one", "new two")))


def test_nothing_is_lost_when_the_folder_is_made_anew(server: Dovecot, folder: str) -> None:
    nothing_is_lost_when_the_folder_is_made_anew(server, folder, by_event_id)


def test_telling_mails_apart_by_uid_would_be_caught(server: Dovecot, folder: str) -> None:
    with pytest.raises(AssertionError):
        nothing_is_lost_when_the_folder_is_made_anew(server, folder, lambda cursor, raw: cursor[1])


def test_forgetting_the_uidvalidity_would_be_caught(server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mailbox, "_examine", lambda self, box: box.folder.set(self._folder, readonly=True) and 1)
    with pytest.raises(AssertionError):
        nothing_is_lost_when_the_folder_is_made_anew(server, folder, by_event_id)


def test_a_folder_made_anew_under_an_open_connection_is_noticed(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    deliver(server, folder, mail("old"))
    ((after, _),) = mailbox.poll(None)
    with server.client() as client:
        client.delete(f'"{folder}"')
        client.create(f'"{folder}"')
    deliver(server, folder, mail("new"))
    try:
        mails = mailbox.poll(after)
    except MailboxError:  # the server may end the session instead
        mails = mailbox.poll(after)
    assert [raw for _, raw in mails] == [mail("new")]
    assert mails[0][0][1] == after[1]


def test_waiting_ends_when_mail_arrives(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    assert mailbox.poll(None) == []
    started = time.monotonic()
    later = threading.Timer(0.3, deliver, (server, folder, mail("late")))
    later.start()
    assert mailbox.wait(30)
    assert time.monotonic() - started < 10
    later.join()
    assert len(mailbox.poll(None)) == 1


def test_mail_that_came_before_the_waiting_ends_it_at_once(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    assert mailbox.poll(None) == []
    deliver(server, folder, mail("meanwhile"))
    started = time.monotonic()
    assert mailbox.wait(30)
    assert time.monotonic() - started < 5


def test_waiting_in_vain_ends_too(folder: str, mailbox: Mailbox) -> None:
    assert not mailbox.wait(0.1)


def test_without_idle_it_waits_and_is_polled(
    server: Dovecot, folder: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.poll(None)
    assert mailbox._box is not None
    monkeypatch.setattr(mailbox._box.client, "capabilities", ("IMAP4REV1",))
    deliver(server, folder, mail("one"))
    assert mailbox.wait(5)  # noticed before the waiting
    mailbox.poll(None)
    monkeypatch.setattr(mailbox, "_idle", lambda *_: pytest.fail("the server cannot IDLE"))
    assert not mailbox.wait(0.05)


def test_closing_ends_the_waiting(mailbox: Mailbox) -> None:
    mailbox.poll(None)
    waiter = threading.Thread(target=mailbox.wait, args=(60,))
    waiter.start()
    mailbox.close()
    waiter.join(10)
    assert not waiter.is_alive()
    mailbox.close()


def test_after_a_restart_of_the_server_the_reader_goes_on(server: Dovecot, folder: str, mailbox: Mailbox) -> None:
    deliver(server, folder, mail("before"))
    ((after, _),) = mailbox.poll(None)
    server.stop()
    with pytest.raises(MailboxError) as trouble:
        mailbox.poll(after)
    assert PASSWORD not in str(trouble.value)
    server.start()
    deliver(server, folder, mail("after"))
    assert [raw for _, raw in mailbox.poll(after)] == [mail("after")]


def test_a_mail_that_is_too_large_comes_cut_for_the_parser_to_refuse(
    server: Dovecot, folder: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.imap.MAIL_BYTES", 200)
    monkeypatch.setattr("channels.mail.read.MAIL_BYTES", 200)
    deliver(server, folder, mail("x" * 500), mail("small"))
    (_, large), (_, small) = mailbox.poll(None)
    assert len(large) == 201
    assert small == mail("small")
    with pytest.raises(BadRequest):
        parse_mail(large, USER)


def test_calls_are_announced_before_and_after_also_when_they_fail(server: Dovecot, folder: str) -> None:
    points: list[str] = []
    mailbox = Mailbox(url(server.port, folder), reach=points.append)
    mailbox.poll(None)
    mailbox.close()
    with pytest.raises(MailboxError):
        Mailbox(url(free_port(), folder), reach=points.append).poll(None)
    assert points == ["before:imap.poll", "after:imap.poll"] * 2


def test_a_wrong_login_is_an_error_without_the_password(server: Dovecot) -> None:
    with pytest.raises(MailboxError, match="could not be read") as trouble:
        Mailbox(url(server.port, "INBOX").replace(quote(PASSWORD, safe=""), "guessed")).poll(None)
    assert "guessed" not in str(trouble.value)


def test_a_folder_that_is_not_there_is_an_error_until_it_is(server: Dovecot, folder: str) -> None:
    mailbox = Mailbox(url(server.port, f"{folder} 2"))
    for _ in range(2):
        with pytest.raises(MailboxError):
            mailbox.poll(None)
    with server.client() as client:
        client.create(f'"{folder} 2"')
    assert mailbox.poll(None) == []
    mailbox.close()


@pytest.mark.parametrize("wrong", ["", "smtp://host", "imaps://", "imap://u:secret@host:port/", "imap://[u:secret@host"])
def test_an_unusable_address_names_the_setting_and_no_secret(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="IMAP_URL") as problem:
        Mailbox(wrong)
    assert "secret" not in str(problem.value)
