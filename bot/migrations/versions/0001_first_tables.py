"""The first tables: knowledge, conversations, accounts.

Revision 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_documents()
    _create_passages()
    _create_ingest_jobs()
    _create_conversations()
    _create_messages()
    _create_accounts()


def downgrade() -> None:
    tables = ("account", "feedback", "message", "conversation", "ingest_job", "passage", "document_version", "document")
    for table in (*tables, "catalog_state"):
        op.drop_table(table)


def _create_documents() -> None:
    op.create_table(
        "catalog_state",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("compacted_generation", sa.Integer(), nullable=False),
    )
    op.create_table(
        "document",
        sa.Column("document_id", sa.String(200), primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
    )
    ready = sa.text("state = 'ready'")
    op.create_index(
        "uq_document_source_ready", "document", ["source"], unique=True, sqlite_where=ready, postgresql_where=ready
    )
    op.create_index("ix_document_collection", "document", ["collection"])
    op.create_index("ix_document_state", "document", ["state"])
    op.create_table(
        "document_version",
        sa.Column("document_id", sa.String(200), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.document_id"], name="fk_document_version_document"),
    )


def _create_passages() -> None:
    op.create_table(
        "passage",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("passage_id", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(200), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer()),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("embedding", sa.LargeBinary()),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("added_generation", sa.Integer(), nullable=False),
        sa.Column("removed_generation", sa.Integer()),
        sa.ForeignKeyConstraint(["document_id"], ["document.document_id"], name="fk_passage_document"),
        sqlite_autoincrement=True,
    )
    live = sa.text("removed_generation IS NULL")
    op.create_index("uq_passage_live", "passage", ["passage_id"], unique=True, sqlite_where=live, postgresql_where=live)
    op.create_index("ix_passage_document_id", "passage", ["document_id"])
    op.create_index("ix_passage_added_generation", "passage", ["added_generation"])
    op.create_index("ix_passage_removed_generation", "passage", ["removed_generation"])


def _create_ingest_jobs() -> None:
    op.create_table(
        "ingest_job",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("heartbeat_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_ingest_job_state", "ingest_job", ["state"])


def _create_conversations() -> None:
    op.create_table(
        "conversation",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("handler", sa.String(), nullable=False),
        sa.Column("handler_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.Column("handoff_reason", sa.String()),
        sa.UniqueConstraint("conversation_id", name="uq_conversation_conversation_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_conversation_activity", "conversation", ["updated_at", "number"])
    op.create_index("ix_conversation_handler", "conversation", ["handler", "updated_at", "number"])


def _create_messages() -> None:
    op.create_table(
        "message",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("client_message_id", sa.String()),
        sa.Column("reply_to", sa.String()),
        sa.Column("outcome", sa.String()),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("searchable", sa.String(), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.Column("trace", sa.JSON()),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.conversation_id"], name="fk_message_conversation", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("message_id", name="uq_message_message_id"),
        sa.UniqueConstraint("conversation_id", "client_message_id", name="uq_message_client_message_id"),
        sa.UniqueConstraint("reply_to", name="uq_message_reply_to"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_order", "message", ["conversation_id", "number"])
    op.create_table(
        "feedback",
        sa.Column("message_id", sa.String(), primary_key=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.message_id"], name="fk_feedback_message", ondelete="CASCADE"),
    )


def _create_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )
