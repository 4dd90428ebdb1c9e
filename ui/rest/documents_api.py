"""/api/v1/documents: the list, uploads, their jobs, originals, removal; for editors. Knows nothing of formats."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from knowledge.entries.entry_book import check_no_entry
from knowledge.entries.entry_values import COLLECTION
from knowledge.ingesting.ingest_values import FileOutcome
from knowledge.passages import DocumentState
from knowledge.storing.document_queries import DocumentFilter, Order, OriginalFile
from ui.api_models import ProblemOut
from ui.audit_trail import Action, note_down
from ui.parts import Parts, SharedParts
from ui.problems import Problem
from ui.rest.document_models import (
    BatchOut,
    DocumentOut,
    DocumentsOut,
    FileOut,
    FilesOut,
    JobOut,
    JobsOut,
    ReceiptOut,
    RereadDocument,
)
from ui.rest.editing import EDITORS_ONLY, GONE, Editor

MOST_FILES = 100  # in one request
_MOST_LISTED = 100_000

_FULL: dict[int | str, dict[str, Any]] = {507: {"model": ProblemOut, "description": "the disk is full"}}
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_FILES,
                            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        },
                        "encoding": {"type": "string", "description": "how the files are written; empty to find out"},
                        "batch_id": {"type": "string", "description": "of an earlier request that this one belongs to"},
                    },
                    "required": ["files"],
                }
            }
        },
    }
}

router = APIRouter(prefix="/api/v1/documents", tags=["documents"], **EDITORS_ONLY)


@router.get("", summary="List documents")
def documents(
    parts: SharedParts,
    query: Annotated[str, Query(max_length=200, description="stands in the title or the source")] = "",
    language: Annotated[str, Query(max_length=10)] = "",
    state: DocumentState = DocumentState.READY,
    order: Order = "source",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = _MOST_LISTED,
) -> DocumentsOut:
    wanted = DocumentFilter(query, language, without_collection=COLLECTION, state=state)
    page = parts.frontdesk.library.page(wanted, order=order, offset=offset, limit=limit)
    return DocumentsOut(
        documents=[DocumentOut.of(document) for document in page.documents], total=page.total, offset=offset
    )


@router.post(
    "",
    status_code=202,
    openapi_extra=_UPLOAD,
    responses={413: {"model": ProblemOut}, 415: {"model": ProblemOut}, **_FULL},
    summary="Upload documents",
)
async def upload(request: Request, parts: SharedParts, editor: Editor) -> JobsOut:
    """Takes one or many files; each becomes a job of one batch. An upload replaces the document of the same name."""
    # The form is read here, not declared as a parameter: a declared one is read before anybody asks who sends it.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise Problem(415, "unsupported_media_type", "Send the files as multipart/form-data, in the field 'files'")
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FILES) as form:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        _check(files, parts.frontdesk.settings.web.max_upload_bytes)
        batch_id = _word(form.get("batch_id")) or uuid.uuid4().hex
        encoding = _word(form.get("encoding"))
        accepted = [await run_in_threadpool(_accept, parts, file, encoding, batch_id) for file in files]
    engine, first = parts.frontdesk.engine, files[0].filename or "upload"
    await run_in_threadpool(note_down, engine, editor.name, Action.DOCUMENTS_ADDED, first, files=len(files))
    jobs = await run_in_threadpool(_jobs, parts, accepted)
    return JobsOut(jobs=[JobOut.of(job) for job in jobs], batch_id=batch_id)


@router.get("/jobs", summary="List uploads, the newest first")
def jobs(
    parts: SharedParts,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    batch_id: Annotated[str, Query(max_length=64, description="of one batch alone")] = "",
) -> JobsOut:
    found = parts.frontdesk.jobs.jobs(limit=limit, batch_id=batch_id)
    return JobsOut(jobs=[JobOut.of(job) for job in found], batch_id=batch_id)


@router.get("/jobs/{job_id}", responses=GONE, summary="How far an upload is")
def job(job_id: str, parts: SharedParts) -> JobOut:
    found = parts.frontdesk.jobs.job(job_id)
    if found is None:
        raise Problem(404, "job_not_found", f"No upload has the id '{job_id}'")
    return JobOut.of(found)


@router.get("/jobs/{job_id}/files", responses=GONE, summary="What became of each file of an upload")
def files(
    job_id: str,
    parts: SharedParts,
    outcome: FileOutcome | None = None,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> FilesOut:
    """So far, in the order in which they were worked off. A .zip or a list holds many."""
    job(job_id, parts)
    page = parts.frontdesk.jobs.files(job_id, offset=offset, limit=limit, outcome=outcome)
    return FilesOut(files=[FileOut.of(each) for each in page.files], total=page.total, offset=offset)


@router.get("/batches/{batch_id}", responses=GONE, summary="How many uploads of a batch have ended")
def batch(batch_id: str, parts: SharedParts) -> BatchOut:
    found = parts.frontdesk.jobs.batch(batch_id)
    if not found.total:
        raise Problem(404, "batch_not_found", f"No uploads came together as '{batch_id}'")
    return BatchOut.of(found)


@router.post(
    "/jobs/{job_id}/cancel",
    responses={**GONE, 409: {"model": ProblemOut}},
    summary="Cancel an upload at its next step",
)
def cancel(job_id: str, parts: SharedParts) -> JobOut:
    """Documents of it that are taken in already stay."""
    before = job(job_id, parts)
    if not parts.frontdesk.jobs.cancel(job_id):
        raise Problem(409, "job_over", f"The upload of '{before.name}' has ended already")
    return job(job_id, parts)


@router.get(
    "/{document_id}/original",
    responses={**GONE, 200: {"content": {"application/octet-stream": {}}}},
    response_class=Response,
    summary="The file that a document was read from",
)
def original(document_id: str, parts: SharedParts) -> Response:
    """Always a download: what strangers have written is not opened on our own address."""
    described, content = _original(parts, document_id)
    name = PurePosixPath(described.source).name or document_id
    plain = "".join(character if " " <= character <= "~" and character not in '"\\%' else "_" for character in name)
    encoded = quote(name, safe="", errors="replace")  # RFC 5987
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )


@router.post("/{document_id}/reread", status_code=202, responses=GONE, summary="Read a document in another encoding")
def reread(document_id: str, body: RereadDocument, parts: SharedParts) -> JobOut:
    """Takes the kept original in again; for text that was read in the wrong encoding."""
    described, content = _original(parts, document_id)
    return job(parts.frontdesk.jobs.reread(described, content, encoding=body.encoding), parts)


@router.delete("/{document_id}", responses={**GONE, 409: {"model": ProblemOut}}, summary="Remove a document")
def remove(document_id: str, parts: SharedParts, editor: Editor) -> ReceiptOut:
    """It is not found any more when this returns; the receipt proves it. Answers are removed under /api/v1/entries."""
    library = parts.frontdesk.library
    check_no_entry(library.page(DocumentFilter(document_id=document_id), limit=1).documents)
    receipt = library.remove_document(document_id)
    note_down(parts.frontdesk.engine, editor.name, Action.DOCUMENT_REMOVED, document_id, passages=receipt.passages)
    return ReceiptOut.of(receipt)


def _check(files: list[UploadFile], most_bytes: int) -> None:
    if not files:
        raise Problem(422, "no_files", "The form holds no file; send at least one in the field 'files'")
    for file in files:
        if (file.size or 0) > most_bytes:
            message = f"'{file.filename}' is larger than {most_bytes:,} bytes; split it or raise the limit"
            raise Problem(413, "document_too_large", message)


def _accept(parts: Parts, file: UploadFile, encoding: str, batch_id: str) -> str:
    return parts.frontdesk.jobs.accept_file(
        file.filename or "upload", file.file, encoding=encoding or None, batch_id=batch_id
    )


def _jobs(parts: Parts, job_ids: list[str]) -> list[Any]:
    found = (parts.frontdesk.jobs.job(job_id) for job_id in job_ids)
    return [one for one in found if one is not None]


def _original(parts: Parts, document_id: str) -> tuple[OriginalFile, bytes]:
    described, content = parts.frontdesk.library.original(document_id)
    if content is None:
        raise Problem(404, "no_original", f"'{described.source}' was not a file of its own; its text is the original")
    return described, content


def _word(value: object) -> str:
    """A short field of a form, without anything that is no letter, digit or hyphen."""
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text if character.isalnum() or character in "-_")[:64]
