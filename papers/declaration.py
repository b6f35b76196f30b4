"""What a paper's folder declares in ``paper.toml``: cases, expected numbers, figures."""

import difflib
import math
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resolvent.errors import ResolventError

__all__ = ["SCALES", "Band", "Case", "Declaration", "Drawing", "Expectation", "PaperError", "pick"]

SCALES = ("quick", "full")
ORIGINS = ("paper", "theory", "ours")
CLAIMS = ("holds", "fails")


class PaperError(ResolventError, ValueError):
    """What a user of the papers, or the author of a paper's folder, got wrong, in one line."""


def pick(kind: str, name: str, options: Collection[str]) -> str:
    """Return ``name`` if it is one of the options.

    Raises
    ------
    PaperError
        Suggesting the nearest option.

    Examples
    --------
    >>> pick("scale", "quik", SCALES)
    Traceback (most recent call last):
    resolvent.papers.declaration.PaperError: unknown scale 'quik'; did you mean 'quick'?
    """
    if name in options:
        return name
    near = difflib.get_close_matches(str(name), options, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(options) or 'none'}"
    raise PaperError(f"unknown {kind} {name!r}; {hint}")


@dataclass(frozen=True)
class Case:
    """One experiment at one scale, as `run` in ``experiment.py`` receives it."""

    name: str
    scale: str
    parameters: dict[str, Any]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Band:
    """The closed interval that a number must fall into.

    Examples
    --------
    >>> 0.3 in Band(high=0.5), math.nan in Band()
    (True, False)
    >>> str(Band(0.1, 2))
    '0.1 to 2'
    """

    low: float = -math.inf
    high: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.low == -math.inf:
            return f"<= {self.high:g}"
        return f">= {self.low:g}" if self.high == math.inf else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Expectation:
    """One ``[[expect]]`` row: a claim, and the band in which our number must lie.

    Attributes
    ----------
    quantity : str
        Key in `Results.scalars` of the case.
    case : str
        Name of the case.
    bands : dict
        Our `Band` at each scale; a scale without one is not checked.
    origin : str
        Where the expectation comes from: ``"paper"``, ``"theory"`` or ``"ours"``.
    paper : number or str, optional
        What the paper prints, exactly if origin is ``"paper"``.
    where : str
        The place in the paper.
    claim : str
        ``"holds"``, or ``"fails"`` if the printed claim doesn't hold here: the band then states
        what we measured instead, and the note says why.
    note : str
        Anything a reader of the table should know.
    """

    quantity: str
    case: str
    bands: dict[str, Band]
    origin: str
    paper: float | str | None = None
    where: str = ""
    claim: str = "holds"
    note: str = ""


@dataclass(frozen=True)
class Drawing:
    """One ``[[figure]]`` row: a function of ``figures.py`` and the cases whose results it takes."""

    name: str
    function: str
    cases: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class Declaration:
    """The whole of ``paper.toml``; cases are by name and scale, drawings by name."""

    title: str
    cases: dict[str, dict[str, Case]]
    expectations: tuple[Expectation, ...] = ()
    drawings: dict[str, Drawing] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    venue: str = ""
    arxiv: str = ""
    doi: str = ""

    @classmethod
    def read(cls, file: Path) -> "Declaration":
        """Read and validate a ``paper.toml``.

        Raises
        ------
        PaperError
            Naming the file and the key.
        """
        try:
            return _declaration(tomllib.loads(file.read_text(encoding="utf-8")))
        except (PaperError, tomllib.TOMLDecodeError) as error:
            raise PaperError(f"{file.parent.name}/{file.name}: {error}") from error


def _declaration(table: dict[str, Any]) -> Declaration:
    optional = ("authors", "venue", "arxiv", "doi", "uses", "expect", "figure")
    _check_keys("top level", table, ("title", "cases"), optional)
    cases = {name: _case(name, row) for name, row in table["cases"].items()}
    drawings = [_drawing(i, row, cases) for i, row in _rows(table, "figure")]
    return Declaration(
        title=table["title"],
        cases=cases,
        expectations=tuple(_expectation(i, row, cases) for i, row in _rows(table, "expect")),
        drawings={drawing.name: drawing for drawing in drawings},
        authors=tuple(table.get("authors", ())),
        uses=tuple(table.get("uses", ())),
        venue=table.get("venue", ""),
        arxiv=table.get("arxiv", ""),
        doi=table.get("doi", ""),
    )


def _rows(table: dict[str, Any], key: str) -> enumerate[dict[str, Any]]:
    return enumerate(table.get(key, ()), start=1)


def _case(name: str, row: dict[str, Any]) -> dict[str, Case]:
    _check_keys(f"cases.{name}", row, SCALES, ("needs",))
    return {scale: Case(name, scale, row[scale], tuple(row.get("needs", ()))) for scale in SCALES}


def _expectation(i: int, row: dict[str, Any], cases: Collection[str]) -> Expectation:
    where = f"expect {i} ({row.get('quantity', '?')})"
    optional = ("paper", "where", "claim", "note")
    _check_keys(where, row, ("quantity", "case", "origin"), (*optional, *SCALES))
    bands = {scale: _band(f"{where}: {scale}", row[scale]) for scale in SCALES if scale in row}
    if not bands:
        raise PaperError(f"{where}: a band is missing; give quick, full or both")
    pick(f"case in {where}:", row["case"], cases)
    pick(f"origin in {where}:", row["origin"], ORIGINS)
    if (row["origin"] == "paper") != ("paper" in row):
        raise PaperError(f"{where}: key 'paper' (what is printed) goes with origin = \"paper\"")
    claim = pick(f"claim in {where}:", row.get("claim", "holds"), CLAIMS)
    if claim == "fails" and "note" not in row:
        raise PaperError(f"{where}: key 'note' must say why the claim fails")
    return Expectation(bands=bands, **{key: row[key] for key in row if key not in SCALES})


def _drawing(i: int, row: dict[str, Any], cases: Collection[str]) -> Drawing:
    where = f"figure {i} ({row.get('name', '?')})"
    _check_keys(where, row, ("name", "function", "cases", "title"))
    for case in row["cases"]:
        pick(f"case in {where}:", case, cases)
    return Drawing(row["name"], row["function"], tuple(row["cases"]), row["title"])


def _band(where: str, row: dict[str, Any]) -> Band:
    match list(row.items()):
        case [("at_most", int() | float() as high)]:
            return Band(high=high)
        case [("at_least", int() | float() as low)]:
            return Band(low=low)
        case [("between", [int() | float() as low, int() | float() as high])] if low <= high:
            return Band(low, high)
    raise PaperError(
        f"{where}: want {{ at_most = x }}, {{ at_least = x }} or {{ between = [a, b] }}, got {row}"
    )


def _check_keys(
    where: str, row: dict[str, Any], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    for key in row:
        pick(f"key in {where}:", key, required + optional)
    for key in required:
        if key not in row:
            raise PaperError(f"{where}: key {key!r} is missing")
