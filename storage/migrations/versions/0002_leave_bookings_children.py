"""Who is on leave, what is booked in a diary, and the child flows that a flow version was published with.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT, WHOLE, TIME = sa.String(), sa.Integer(), Utc()


def upgrade() -> None:
    op.create_table(
        "leave",
        sa.Column("id", NUMBER, nullable=False),
        *(sa.Column(name, TIME, nullable=False) for name in ("starts_at", "ends_at")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("contact_id", "cover_kind", "cover", "most", "currency")),
        sa.PrimaryKeyConstraint("id", name="pk_leave"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_leave_contact_id"),
    )
    op.create_index("ix_leave_contact_id", "leave", ["contact_id"])
    op.create_index("ix_leave_ends_at", "leave", ["ends_at"])
    op.create_table(
        "booking",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("seat", WHOLE, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("run_id", "path")),
        sa.Column("attempt", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_booking"),
        sa.UniqueConstraint("resource", "starts_at", "seat", name="uq_booking_resource_starts_at_seat"),
    )
    op.create_index("ix_booking_run_id", "booking", ["run_id"])
    op.add_column("flow_version", sa.Column("children", TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    """People's leave and bookings would be lost."""
    raise NotImplementedError("restore a backup instead")
