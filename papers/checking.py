"""The table of claims: what is expected, within which band, and what we got."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from resolvent.papers.declaration import Expectation
from resolvent.papers.results import Results
from resolvent.papers.running import MissingNeedError

__all__ = ["Row", "Verdict", "compare", "table"]


class Verdict(StrEnum):
    """The outcome of one expectation; only a miss makes ``resolvent check`` fail."""

    HOLDS = "holds"
    FAILS_AS_DOCUMENTED = "claim fails, as documented"
    MISS = "MISS"
    NOT_CHECKED = "not checked at this scale"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Row:
    """One line of the table; ``got`` is None where nothing was run or returned."""

    expectation: Expectation
    scale: str
    got: float | None
    verdict: Verdict
    remark: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the texts of the table: quantity, paper, band, got, verdict."""
        claim = self.expectation
        paper = str(claim.origin if claim.paper is None else claim.paper)
        return (
            f"{claim.case}: {claim.quantity}",
            f"{paper} ({claim.where})" if claim.where else paper,
            str(claim.bands.get(self.scale, "-")),
            "-" if self.got is None else f"{self.got:.4g}",
            f"{self.verdict}: {self.remark}" if self.remark else str(self.verdict),
        )

    def record(self) -> dict[str, Any]:
        """Return what ``check --json`` prints of this row."""
        claim = self.expectation
        return {
            "case": claim.case,
            "quantity": claim.quantity,
            "origin": claim.origin,
            "paper": claim.paper,
            "where": claim.where,
            "claim": claim.claim,
            "scale": self.scale,
            "band": str(claim.bands[self.scale]) if self.scale in claim.bands else None,
            "got": self.got if self.got is not None and math.isfinite(self.got) else None,
            "verdict": str(self.verdict),
            "remark": self.remark or claim.note,
        }


def compare(
    expectations: Iterable[Expectation],
    outcomes: Mapping[str, Results | MissingNeedError],
    scale: str,
) -> list[Row]:
    """Judge every expectation by the outcome of its case.

    Examples
    --------
    >>> from resolvent.papers.declaration import Band
    >>> claim = Expectation("error", "forward", {"quick": Band(high=0.5)}, "theory")
    >>> [row] = compare([claim], {"forward": Results({"error": 0.25})}, "quick")
    >>> row.cells()
    ('forward: error', 'theory', '<= 0.5', '0.25', 'holds')
    """
    return [_judge(claim, outcomes.get(claim.case), scale) for claim in expectations]


def _judge(claim: Expectation, outcome: Results | MissingNeedError | None, scale: str) -> Row:
    if outcome is None or scale not in claim.bands:
        return Row(claim, scale, None, Verdict.NOT_CHECKED)
    if isinstance(outcome, MissingNeedError):
        return Row(claim, scale, None, Verdict.SKIPPED, str(outcome))
    got = outcome.scalars.get(claim.quantity)
    if got is None:
        return Row(claim, scale, None, Verdict.MISS, "the experiment doesn't return it")
    if got not in claim.bands[scale]:
        return Row(claim, scale, got, Verdict.MISS)
    documented = claim.claim == "fails"
    return Row(claim, scale, got, Verdict.FAILS_AS_DOCUMENTED if documented else Verdict.HOLDS)


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out in columns, with the notes of failing claims below."""
    lines = [("quantity", "paper", "band", "got", "verdict"), *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    text.insert(1, "-" * max(map(len, text)))
    text += [
        f"* {row.expectation.quantity}: {row.expectation.note}"
        for row in rows
        if row.expectation.note
    ]
    return "\n".join(text)
