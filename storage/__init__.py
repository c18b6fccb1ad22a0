"""What is kept: one database a business, SQLite or PostgreSQL, with personal values sealed under their subject's key."""

from storage.commits import Reach, nowhere
from storage.database import Database
from storage.errors import (
    AddressTaken,
    AlreadyRunning,
    Conflict,
    DatabaseUnavailable,
    LostClaim,
    NewerSchema,
    OlderSchema,
    StorageError,
    Tampered,
    VersionTaken,
    WrongKeys,
)
from storage.keys import KeyStore
from storage.rows import (
    Address,
    Checkpoint,
    Contact,
    DocumentRow,
    EventRow,
    InboxRow,
    Leave,
    Loaded,
    OutboxRow,
    Pending,
    RunCounts,
    RunRow,
    TimerRow,
    TokenRow,
    WorkRow,
)
from storage.tokens import new_token
from storage.unit import Unit

__all__ = [
    "Address",
    "AddressTaken",
    "AlreadyRunning",
    "Checkpoint",
    "Conflict",
    "Contact",
    "Database",
    "DatabaseUnavailable",
    "DocumentRow",
    "EventRow",
    "InboxRow",
    "KeyStore",
    "Leave",
    "Loaded",
    "LostClaim",
    "NewerSchema",
    "OlderSchema",
    "OutboxRow",
    "Pending",
    "Reach",
    "RunCounts",
    "RunRow",
    "StorageError",
    "Tampered",
    "TimerRow",
    "TokenRow",
    "Unit",
    "VersionTaken",
    "WorkRow",
    "WrongKeys",
    "new_token",
    "nowhere",
]
