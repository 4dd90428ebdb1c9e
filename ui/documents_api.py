"""/api/v1/documents: uploads, their jobs, the list, removal; for editors. Knows nothing of formats and indexes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from ui.api_models import DocumentOut, DocumentsOut, JobOut, JobsOut, ProblemOut, ReceiptOut
from ui.parts import Parts, SharedParts
from ui.problems import Problem
from ui.sign_in import require_editor

MOST_FILES = 100  # in one request

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": ProblemOut, "description": "sign in, or send HTTP Basic credentials"},
    403: {"model": ProblemOut, "description": "the account is not an editor's"},
}
_GONE: dict[int | str, dict[str, Any]] = {404: {"model": ProblemOut}}
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
                        }
                    },
                    "required": ["files"],
                }
            }
        },
    }
}

router = APIRouter(
    prefix="/api/v1/documents", tags=["documents"], dependencies=[Depends(require_editor)], responses=_PROBLEMS
)


@router.get("", summary="List documents")
def documents(parts: SharedParts) -> DocumentsOut:
    return DocumentsOut(documents=[DocumentOut.of(document) for document in parts.frontdesk.library.documents()])


@router.post(
    "",
    status_code=202,
    openapi_extra=_UPLOAD,
    responses={413: {"model": ProblemOut}, 415: {"model": ProblemOut}},
    summary="Upload documents",
)
async def upload(request: Request, parts: SharedParts) -> JobsOut:
    """Takes one or many files; each becomes a job. An upload replaces the document of the same name."""
    # The form is read here, not declared as a parameter: a declared one is read before anybody asks who sends it.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise Problem(415, "unsupported_media_type", "Send the files as multipart/form-data, in the field 'files'")
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FILES) as form:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        _check(files, parts.frontdesk.settings.web.max_upload_bytes)
        accepted = [await _accept(parts, file) for file in files]
    return JobsOut(jobs=[JobOut.of(job) for job in await run_in_threadpool(_jobs, parts, accepted)])


@router.get("/jobs", summary="List uploads, the newest first")
def jobs(parts: SharedParts, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> JobsOut:
    return JobsOut(jobs=[JobOut.of(job) for job in parts.frontdesk.jobs.jobs(limit=limit)])


@router.get("/jobs/{job_id}", responses=_GONE, summary="How far an upload is")
def job(job_id: str, parts: SharedParts) -> JobOut:
    found = parts.frontdesk.jobs.job(job_id)
    if found is None:
        raise Problem(404, "job_not_found", f"No upload has the id '{job_id}'")
    return JobOut.of(found)


@router.post(
    "/jobs/{job_id}/cancel",
    responses={**_GONE, 409: {"model": ProblemOut}},
    summary="Cancel an upload at its next step",
)
def cancel(job_id: str, parts: SharedParts) -> JobOut:
    """Documents of it that are taken in already stay."""
    before = job(job_id, parts)
    if not parts.frontdesk.jobs.cancel(job_id):
        raise Problem(409, "job_over", f"The upload of '{before.name}' has ended already")
    return job(job_id, parts)


@router.delete("/{document_id}", responses=_GONE, summary="Remove a document")
def remove(document_id: str, parts: SharedParts) -> ReceiptOut:
    """It is not found any more when this returns; the receipt proves it."""
    return ReceiptOut.of(parts.frontdesk.library.remove_document(document_id))


def _check(files: list[UploadFile], most_bytes: int) -> None:
    if not files:
        raise Problem(422, "no_files", "The form holds no file; send at least one in the field 'files'")
    for file in files:
        if (file.size or 0) > most_bytes:
            message = f"'{file.filename}' is larger than {most_bytes:,} bytes; split it or raise the limit"
            raise Problem(413, "document_too_large", message)


async def _accept(parts: Parts, file: UploadFile) -> str:
    content = await file.read()
    return await run_in_threadpool(parts.frontdesk.jobs.accept, file.filename or "upload", content)


def _jobs(parts: Parts, job_ids: list[str]) -> list[Any]:
    found = (parts.frontdesk.jobs.job(job_id) for job_id in job_ids)
    return [one for one in found if one is not None]
