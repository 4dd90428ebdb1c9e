"""Hundreds of hostile and broken files, taken in as uploads are: none breaks, hangs or fills anything.

`python -m tests.hostile.tally` prints the same as figures; `-v` with a line for each file.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from knowledge.readers import STANDARD_LIMITS
from tests.hostile import Case, damaged, hostile_files, packages, pdfs, zips
from tests.hostile.tally import Tally, files_in, tally, verdict_on

SHARED = Path(__file__).parents[3] / "shared" / "data" / "malformed_docs"


def check(result: Tally) -> None:
    assert result.hung() == []
    assert result.unclear() == []
    wrong = [verdict.case for verdict in result.verdicts if verdict.case.refused == verdict.is_read]
    assert [(case.name, case.what) for case in wrong] == []
    silent = [one.case.name for one in result.verdicts if not one.is_read and not one.reasons]
    assert set(silent) <= {"none.zip", "name14.zip"}  # an archive with nothing in it, and one with a hidden file


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_no_hostile_file_breaks_or_hangs_the_reader() -> None:
    result = tally(list(hostile_files())[::2])  # of some 550; `python -m tests.hostile.tally` reads all
    print(*result.lines(), sep="\n")
    assert len(result.verdicts) >= 200
    check(result)
    assert result.broken() == []
    assert result.peak_bytes <= STANDARD_LIMITS.max_memory_bytes
    assert result.disk_bytes == 0


def test_small_hostile_files_cost_a_sentence_each() -> None:
    cases = [*packages.entities(), *zips.names(), *damaged.cases()]
    check(tally(cases[::3]))


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.skipif(not SHARED.is_dir(), reason="the public collection of malformed documents is not here")
def test_no_file_of_a_public_collection_breaks_or_hangs_the_reader() -> None:
    result = tally(files_in(SHARED))
    print(*result.lines(), sep="\n")
    assert result.hung() == []
    assert result.unclear() == []
    assert result.broken() == []


@pytest.mark.parametrize("extension", [".docx", ".pptx", ".xlsx"])
def test_no_entity_is_ever_resolved(extension: str) -> None:
    for case in packages.entities():
        if case.name in (f"xxe{extension}", f"laughs{extension}", f"rels{extension}"):
            verdict = verdict_on(case)
            assert verdict.documents == 0
            assert re.search("declares XML entities", verdict.reasons[0])


def test_no_member_of_an_archive_leads_outside() -> None:
    cases = [case for case in zips.names() if re.fullmatch(r"name[0-7]\.zip", case.name)]
    assert len(cases) == 8
    for case in cases:
        assert "leads out of the archive" in verdict_on(case).reasons[0]


def test_a_pdf_of_ten_thousand_pages_is_refused_by_its_length() -> None:
    verdict = verdict_on(Case("10,000 pages", "a.pdf", pdfs.many_pages(10_000)))
    assert verdict.reasons == ("it has 10000 pages, more than 2000; split it",)
