"""Signals of a message: language, frustration, entities.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_signal",
        sa.Column("message_id", sa.String(), primary_key=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("frustration", sa.Float()),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.message_id"], name="fk_message_signal_message", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_message_signal_at", "message_signal", ["at"])


def downgrade() -> None:
    op.drop_table("message_signal")
