"""PINs and codes by which people prove a decision.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proof",
        sa.Column("contact_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("pin", "code")),
        *(sa.Column(name, Utc(), nullable=True) for name in ("code_until", "locked_until")),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_proof"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_proof_contact_id"),
    )


def downgrade() -> None:
    """People's PINs would be lost."""
    raise NotImplementedError("restore a backup instead")
