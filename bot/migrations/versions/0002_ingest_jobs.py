"""Ingest jobs in their own process, originals.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingest_job", sa.Column("batch_id", sa.String(), nullable=False, server_default=""))
    op.add_column("ingest_job", sa.Column("encoding", sa.String(), nullable=False, server_default=""))
    op.add_column("ingest_job", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_ingest_job_batch_id", "ingest_job", ["batch_id"])
    op.create_table(
        "ingest_file",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["ingest_job.job_id"], name="fk_ingest_file_job"),
    )
    op.create_index("ix_document_sha256", "document", ["sha256"])
    op.create_index("ix_document_latest", "document", ["state", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix_document_latest", "document")
    op.drop_index("ix_document_sha256", "document")
    op.drop_table("ingest_file")
    op.drop_index("ix_ingest_job_batch_id", "ingest_job")
    for column in ("refusals", "encoding", "batch_id"):
        op.drop_column("ingest_job", column)
