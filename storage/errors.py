"""The errors of storage. StorageError is the root.

StorageError
├── Conflict              the row moved on since it was read: read again and try again (a unit of work is re-run by itself)
├── LostClaim             the fencing number does not match: the lease ran out and somebody else has the row, or it is finished
├── AddressTaken          the address belongs to another contact; addresses never move silently
├── VersionTaken          the flow's number is published already, with another source
├── AlreadyRunning        another Baton has this SQLite file open
├── NewerSchema           the database was written by a newer Baton
├── OlderSchema           the database waits for a migration, and was opened for reading only
├── WrongKeys             the key store is not the one that this database was written with
├── DatabaseUnavailable   the database cannot be reached or did not take the write: ask again later
└── Tampered              a sealed value was changed after it was written
"""

from __future__ import annotations


class StorageError(Exception):
    """Root of everything raised by `storage`."""


class Conflict(StorageError):
    """A conditional write met a newer version."""


class LostClaim(StorageError):
    """A claimed row is no longer the caller's: its work must be dropped."""


class AddressTaken(StorageError):
    """`contact_id` has the address already."""

    def __init__(self, contact_id: str) -> None:
        self.contact_id = contact_id
        super().__init__("the address belongs to another contact")


class VersionTaken(StorageError):
    """A published flow version is immutable: publish the change under a new number."""


class AlreadyRunning(StorageError):
    """One process writes one SQLite file."""


class NewerSchema(StorageError):
    """Going on could damage what the newer version wrote."""


class OlderSchema(StorageError):
    """Start Baton once, so that it can migrate."""


class WrongKeys(StorageError):
    """Going on would show every personal value as erased."""


class DatabaseUnavailable(StorageError):
    """Nothing is known to be stored: a webhook must answer 5xx, so that the provider sends again."""


class Tampered(StorageError):
    """Authentication of a sealed value failed under a key that exists."""
