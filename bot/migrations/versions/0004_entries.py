"""Question-and-answer entries and unanswered questions.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("entry_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("searchable", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_entry_updated_at", "entry", ["updated_at"])
    op.create_table(
        "entry_wording",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary()),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.entry_id"], name="fk_entry_wording_entry", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entry_wording_entry_id", "entry_wording", ["entry_id"])
    op.create_table(
        "entry_change",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("editor", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entry_change_entry_id", "entry_change", ["entry_id"])
    op.create_table(
        "question_vector",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "dismissed_question",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("editor", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("dismissed_question", "question_vector", "entry_change", "entry_wording", "entry"):
        op.drop_table(table)
