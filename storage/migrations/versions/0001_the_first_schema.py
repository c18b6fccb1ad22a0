"""The first schema. Frozen: a later change is a migration of its own.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from storage.tables.base import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TEXT, WHOLE, YES_NO, BYTES, TIME = sa.String(), sa.Integer(), sa.Boolean(), sa.LargeBinary(), Utc()


def columns(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def optional(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def partial(name: str, table: str, where: str, *names: str) -> None:
    """An index over the rows that meet `where` only."""
    op.create_index(name, table, list(names), sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    create_people()
    create_steps()
    create_messages()
    create_runs()


def downgrade() -> None:
    """There is nothing before the first schema."""
    raise NotImplementedError("restore a backup instead")


def create_people() -> None:
    op.create_table(
        "contact",
        *columns(NUMBER, "number"),
        *columns(TEXT, "id"),
        *columns(BYTES, "name"),
        *columns(TEXT, "name_index", "language", "zone"),
        *columns(YES_NO, "suspended"),
        *columns(TIME, "created_at"),
        sa.PrimaryKeyConstraint("number", name="pk_contact"),
        sa.UniqueConstraint("id", name="uq_contact_id"),
    )
    op.create_index("ix_contact_name_index", "contact", ["name_index"])
    op.create_table(
        "address",
        *columns(NUMBER, "number"),
        *columns(TEXT, "id", "contact_id", "channel"),
        *columns(BYTES, "value"),
        *columns(TEXT, "value_index", "account"),
        *columns(YES_NO, "opted_out"),
        *columns(TIME, "created_at"),
        sa.PrimaryKeyConstraint("number", name="pk_address"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_address_contact_id"),
        sa.UniqueConstraint("id", name="uq_address_id"),
        sa.UniqueConstraint("value_index", name="uq_address_value_index"),
    )
    op.create_index("ix_address_contact_id", "address", ["contact_id"])
    op.create_table(
        "membership",
        *columns(TEXT, "role", "contact_id"),
        sa.PrimaryKeyConstraint("role", "contact_id", name="pk_membership"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_membership_contact_id"),
    )
    op.create_index("ix_membership_contact_id", "membership", ["contact_id"])
    op.create_table(
        "consent",
        *columns(NUMBER, "id"),
        *columns(TEXT, "address_id"),
        *columns(YES_NO, "given"),
        *columns(TEXT, "source"),
        *columns(TIME, "at"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name="fk_consent_address_id"),
    )
    op.create_index("ix_consent_address_id_id", "consent", ["address_id", "id"])
    op.create_table(
        "conversation",
        *columns(TEXT, "id", "address_id"),
        *optional(TIME, "last_inbound_at"),
        *columns(WHOLE, "misses"),
        *columns(TEXT, "focus_run"),
        *optional(TIME, "focus_until"),
        *columns(TEXT, "expecting"),
        *optional(TIME, "expecting_until"),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name="fk_conversation_address_id"),
        sa.UniqueConstraint("address_id", name="uq_conversation_address_id"),
    )


def create_steps() -> None:
    op.create_table(
        "counter",
        *columns(TEXT, "series"),
        *columns(WHOLE, "following"),
        sa.PrimaryKeyConstraint("series", name="pk_counter"),
    )
    op.create_table(
        "decision_token",
        *columns(BYTES, "hash"),
        *columns(TEXT, "purpose", "run_id", "path"),
        *columns(WHOLE, "attempt"),
        *columns(TEXT, "contact_id", "choice"),
        *columns(JSON, "data"),
        *columns(TIME, "expires_at"),
        *optional(NUMBER, "outbound_id"),
        sa.PrimaryKeyConstraint("hash", name="pk_decision_token"),
    )
    op.create_index("ix_decision_token_expires_at", "decision_token", ["expires_at"])
    partial("ix_decision_token_outbound", "decision_token", "outbound_id IS NOT NULL", "outbound_id")
    op.create_table(
        "flow_version",
        *columns(NUMBER, "id"),
        *columns(TEXT, "flow"),
        *columns(WHOLE, "number"),
        *columns(TEXT, "digest", "source"),
        *columns(TIME, "published_at"),
        sa.PrimaryKeyConstraint("id", name="pk_flow_version"),
        sa.UniqueConstraint("flow", "digest", name="uq_flow_version_flow_digest"),
        sa.UniqueConstraint("flow", "number", name="uq_flow_version_flow_number"),
    )
    op.create_table(
        "setting",
        *columns(TEXT, "name", "value"),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.create_table(
        "shape",
        *columns(TEXT, "channel", "shape", "provider_id"),
        sa.PrimaryKeyConstraint("channel", "shape", name="pk_shape"),
    )
    op.create_table(
        "timer",
        *columns(NUMBER, "id"),
        *columns(TEXT, "run_id", "path"),
        *columns(WHOLE, "attempt"),
        *columns(TEXT, "rung"),
        *columns(TIME, "due"),
        *columns(WHOLE, "generation"),
        *columns(TEXT, "state"),
        *columns(TIME, "planned_at"),
        sa.PrimaryKeyConstraint("id", name="pk_timer"),
        sa.UniqueConstraint("run_id", "path", "attempt", "rung", name="uq_timer_run_id_path_attempt_rung"),
    )
    partial("ix_timer_due", "timer", "state = 'live'", "due")


def create_messages() -> None:
    op.create_table(
        "inbound",
        *columns(NUMBER, "id"),
        *columns(TEXT, "channel", "account", "kind", "event_id", "sender", "lane"),
        *columns(BYTES, "inbound", "raw"),
        *columns(TIME, "received_at"),
        *columns(TEXT, "state"),
        *optional(TIME, "ready_at"),
        *columns(WHOLE, "fence", "attempts"),
        *columns(TEXT, "note"),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("channel", "account", "kind", "event_id", name="uq_inbound_channel_account_kind_event_id"),
    )
    partial("ix_inbound_lane", "inbound", "ready_at IS NOT NULL", "lane", "id")
    partial("ix_inbound_parked", "inbound", "state = 'parked'", "id")
    partial("ix_inbound_ready", "inbound", "ready_at IS NOT NULL", "ready_at", "id")
    op.create_table(
        "work",
        *columns(NUMBER, "id"),
        *columns(TEXT, "run_id", "path"),
        *columns(WHOLE, "attempt"),
        *columns(TEXT, "kind"),
        *columns(JSON, "details"),
        *optional(TEXT, "lane"),
        *columns(TIME, "created_at"),
        *columns(TEXT, "state"),
        *optional(TIME, "ready_at"),
        *columns(WHOLE, "fence", "attempts"),
        *columns(TEXT, "note"),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
    )
    partial("ix_work_lane", "work", "ready_at IS NOT NULL", "lane", "id")
    partial("ix_work_parked", "work", "state = 'parked'", "id")
    partial("ix_work_ready", "work", "ready_at IS NOT NULL", "ready_at", "id")
    op.create_index("ix_work_run_id", "work", ["run_id"])
    op.create_table(
        "outbound",
        *columns(NUMBER, "id"),
        *columns(TEXT, "run_id", "contact_id", "address_id", "path"),
        *columns(WHOLE, "attempt"),
        *columns(TEXT, "topic", "klass"),
        *columns(BYTES, "content"),
        *columns(TEXT, "state"),
        *columns(TIME, "created_at"),
        *optional(TIME, "sent_at", "ready_at"),
        *columns(WHOLE, "fence", "attempts"),
        *columns(TEXT, "status"),
        *columns(WHOLE, "rank"),
        *columns(TEXT, "code", "problem"),
        sa.PrimaryKeyConstraint("id", name="pk_outbound"),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name="fk_outbound_address_id"),
    )
    partial("ix_outbound_lane", "outbound", "ready_at IS NOT NULL", "address_id", "id")
    partial("ix_outbound_ready", "outbound", "ready_at IS NOT NULL", "ready_at", "id")
    partial("ix_outbound_run", "outbound", "run_id <> ''", "run_id", "id")
    partial("ix_outbound_undelivered", "outbound", "state IN ('failed', 'unknown', 'held')", "id")
    op.create_table(
        "outbound_id",
        *columns(TEXT, "message_id", "channel"),
        *columns(NUMBER, "outbound_id"),
        *columns(WHOLE, "position"),
        sa.PrimaryKeyConstraint("message_id", "channel", name="pk_outbound_id"),
        sa.ForeignKeyConstraint(["outbound_id"], ["outbound.id"], name="fk_outbound_id_outbound_id"),
    )
    op.create_index("ix_outbound_id_outbound_id", "outbound_id", ["outbound_id"])


def create_runs() -> None:
    op.create_table(
        "checkpoint",
        *columns(NUMBER, "id"),
        *columns(TIME, "at"),
        *columns(TEXT, "root"),
        *columns(WHOLE, "runs", "events"),
        *columns(NUMBER, "last"),
        sa.PrimaryKeyConstraint("id", name="pk_checkpoint"),
    )
    op.create_table(
        "document",
        *columns(TEXT, "id", "subject", "digest", "type"),
        *columns(WHOLE, "size"),
        *columns(BYTES, "name"),
        *columns(TIME, "created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint("subject", "digest", name="uq_document_subject_digest"),
    )
    op.create_table(
        "run",
        *columns(TEXT, "id", "reference", "flow"),
        *columns(NUMBER, "flow_version_id"),
        *columns(TEXT, "status", "outcome", "requester"),
        *columns(BYTES, "title"),
        *columns(TEXT, "path"),
        *columns(TIME, "opened_at", "due_at"),
        *columns(YES_NO, "blocked"),
        *columns(TEXT, "court", "lookup_key"),
        *columns(TIME, "created_at"),
        *optional(TIME, "ended_at"),
        *columns(WHOLE, "version"),
        *columns(TEXT, "snapshot"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["flow_version_id"], ["flow_version.id"], name="fk_run_flow_version_id"),
        sa.UniqueConstraint("reference", name="uq_run_reference"),
    )
    partial("ix_run_due", "run", "status = 'open'", "due_at", "id", "blocked", "status")
    op.create_index("ix_run_lookup", "run", ["flow", "lookup_key", "created_at"])
    partial("ix_run_requester", "run", "status = 'open'", "requester", "due_at", "id")
    op.create_table(
        "event",
        *columns(NUMBER, "id"),
        *columns(TEXT, "run_id"),
        *columns(WHOLE, "number"),
        *columns(TEXT, "kind", "actor"),
        *columns(TIME, "at", "recorded_at"),
        *columns(TEXT, "body", "hash"),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_event_run_id"),
        sa.UniqueConstraint("run_id", "number", name="uq_event_run_id_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "run_owner",
        *columns(TEXT, "run_id", "path", "contact_id"),
        *columns(WHOLE, "place"),
        *columns(TIME, "due_at"),
        sa.PrimaryKeyConstraint("run_id", "path", "contact_id", name="pk_run_owner"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_run_owner_run_id"),
    )
    op.create_index("ix_run_owner_contact", "run_owner", ["contact_id", "due_at", "run_id"])
