"""What became of hostile files: how many were read, refused, broke or hung the reader; time, memory and disk.

`python -m tests.hostile.tally` prints it for the generated files, with folders as arguments for those in them.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.errors import DocumentRefused
from knowledge.ingesting.sources import candidates
from knowledge.passages import Refusal
from knowledge.readers import STANDARD_LIMITS
from knowledge.safe_reading import shared_process
from tests.hostile import Case, hostile_files

_UNCLEAR = re.compile(r"\b\w*(?:Error|Exception|Traceback|Warning)\b|0x[0-9a-f]{4}|<class|\bNone\b|\bNoneType\b|__")
_CLOCK = 3  # times the processor time of a document, before the reader is ended by the clock
_TOO_SLOW, _TOO_LARGE, _BROKE = "longer than 60 seconds", "of memory", "breaks the reader"


@dataclass(frozen=True, slots=True)
class Verdict:
    case: Case
    documents: int
    reasons: tuple[str, ...]
    seconds: float

    @property
    def is_read(self) -> bool:
        return self.documents > 0


@dataclass(slots=True)
class Tally:
    verdicts: list[Verdict] = field(default_factory=list)
    disk_bytes: int = 0  # most that lay in the folder for temporary files between two files; the reader can write none
    peak_bytes: int = 0  # most memory of a reading process

    def lines(self) -> Iterator[str]:
        seconds = sorted(verdict.seconds for verdict in self.verdicts)
        read = sum(verdict.is_read for verdict in self.verdicts)
        reasons = [reason for verdict in self.verdicts for reason in verdict.reasons]
        yield f"{len(self.verdicts)} files: {read} read, wholly or in part; {len(self.verdicts) - read} refused"
        yield f"broke the reader: {len(self.broken())}; hung it: {len(self.hung())}"
        yield f"stopped by a bound on time: {sum(_TOO_SLOW in one for one in reasons)}"
        yield f"stopped by the bound on memory: {sum(_TOO_LARGE in one for one in reasons)}"
        yield f"seconds a file: p50 {_share(seconds, 0.5):.3f}, p95 {_share(seconds, 0.95):.2f}, max {seconds[-1]:.1f}"
        yield f"most memory of the reading process: {self.peak_bytes / 2**20:.0f} MB"
        yield f"most temporary disk: {self.disk_bytes / 2**20:.1f} MB"
        yield f"sentences that are unclear or speak of code: {len(self.unclear())}"

    def broken(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if any(_BROKE in reason for reason in verdict.reasons)]

    def hung(self) -> list[Verdict]:
        """Those that took longer than a document may, and what it takes to start another reading process."""
        return [verdict for verdict in self.verdicts if verdict.seconds > _CLOCK * STANDARD_LIMITS.max_seconds + 10]

    def unclear(self) -> list[str]:
        reasons = {reason for verdict in self.verdicts for reason in verdict.reasons}
        return sorted(reason for reason in reasons if _UNCLEAR.search(reason) or len(reason) < 10 or len(reason) > 300)


def tally(cases: Iterable[Case]) -> Tally:
    """Reads each file as an upload is read, one after the other, with one reading process."""
    result = Tally()
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            for case in cases:
                result.verdicts.append(verdict_on(case))
                taken = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
                result.disk_bytes = max(result.disk_bytes, taken)
        finally:
            tempfile.tempdir = usual
    result.peak_bytes = shared_process(STANDARD_LIMITS).peak_bytes
    return result


def verdict_on(case: Case) -> Verdict:
    began = time.monotonic()
    documents, reasons = 0, []
    for found in candidates(case.name, case.content, case.name):
        if isinstance(found, Refusal):
            reasons.append(found.reason)
            continue
        try:
            documents += bool(found.read().text)
        except DocumentRefused as refused:
            reasons.append(refused.reason)
    return Verdict(case, documents, tuple(reasons), time.monotonic() - began)


def files_in(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield Case(str(path.relative_to(folder)), path.name, path.read_bytes())


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main(arguments: list[str]) -> None:
    folders = [Path(argument) for argument in arguments if not argument.startswith("-")]
    cases = (case for folder in folders for case in files_in(folder)) if folders else hostile_files()
    result = tally(cases)
    if "-v" in arguments:
        for verdict in sorted(result.verdicts, key=lambda verdict: verdict.seconds):
            first = next(iter(verdict.reasons), "")
            print(
                f"{verdict.seconds:7.2f} s  {verdict.documents:5d} read  {verdict.case.name}: {verdict.case.what}  {first}"
            )
        for reason, count in Counter(reason for one in result.verdicts for reason in set(one.reasons)).most_common():
            print(f"{count:5d}  {reason}")
    for line in result.lines():
        print(line)
    for unclear in result.unclear():
        print("unclear:", unclear)


if __name__ == "__main__":
    main(sys.argv[1:])
