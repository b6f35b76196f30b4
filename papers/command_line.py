"""The command ``resolvent``: list, run, figure, check and notebook."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from multiprocessing import get_context
from typing import Any, NoReturn, TypeAlias

from tqdm import tqdm

from resolvent import __version__
from resolvent.papers.checking import Row, Verdict, table
from resolvent.papers.declaration import SCALES, PaperError, pick
from resolvent.papers.paper import Paper
from resolvent.papers.registry import HOME, load, slugs
from resolvent.papers.running import BACKENDS, MissingNeedError, results_folder
from resolvent.papers.style import style

__all__ = ["main"]

Command: TypeAlias = Callable[[argparse.Namespace, str], int]


def main(arguments: Sequence[str] | None = None, home: str = HOME) -> int:
    """Run the command line on the papers of a package.

    Returns
    -------
    int
        0 if all went well, 1 if a checked number misses its band, 2 for a mistake of the user,
        130 if interrupted.
    """
    args = _parser().parse_args(arguments)
    try:
        return int(args.command(args, home))
    except PaperError as error:
        print(f"resolvent: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("resolvent: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _list(args: argparse.Namespace, home: str) -> int:
    if args.names:
        print("\n".join(slugs(home)))
        return 0
    for paper in (load(slug, home) for slug in slugs(home)):
        print(f"{paper.slug}  {paper.declaration.title}")
        for name, scales in paper.declaration.cases.items():
            needs = scales["quick"].needs
            print(f"    case {name}" + (f" (needs {', '.join(needs)})" if needs else ""))
        last = paper.last_check(args.out)
        if last is None:
            print("    never checked as it stands")
        else:
            misses = sum(row["verdict"] == Verdict.MISS for row in last["rows"])
            print(f"    checked {last['date']} at scale {last['scale']}: {misses} misses")
    return 0


def _run(args: argparse.Namespace, home: str) -> int:
    paper = load(args.slug, home)
    cases = [args.case] if args.case else None
    with _executor(args) as executor:
        outcomes = paper.run_all(cases, executor=executor, **_options(args))
    for name, outcome in outcomes.items():
        if isinstance(outcome, MissingNeedError):
            print(f"{name}  skipped: {outcome}")
            continue
        print(f"{name}  {outcome.meta['seconds']:.3g} s on {outcome.meta['device']}")
        for quantity, value in outcome.scalars.items():
            print(f"    {quantity} = {value:.6g}")
    return 0


def _figure(args: argparse.Namespace, home: str) -> int:
    import matplotlib

    matplotlib.use("agg")
    options = _options(args)
    with _executor(args) as executor:
        for paper in [load(slug, home) for slug in ([args.slug] if args.slug else slugs(home))]:
            drawings = paper.declaration.drawings
            names = [pick("figure", args.name, drawings)] if args.name else list(drawings)
            cases = dict.fromkeys(case for name in names for case in drawings[name].cases)
            paper.run_all(cases, executor=executor, **options)
            for name in names:
                _draw(paper, name, args, options | {"force": False})
    return 0


def _draw(paper: Paper, name: str, args: argparse.Namespace, options: dict[str, Any]) -> None:
    try:
        figure = paper.figure(name, **options)
    except MissingNeedError as error:
        if args.name:
            raise
        print(f"{name}  skipped: {error}", file=sys.stderr)
        return
    file = results_folder(args.out, paper.slug) / f"{name}-{args.scale}.{args.format}"
    with style():
        figure.savefig(file)
    print(file)


def _check(args: argparse.Namespace, home: str) -> int:
    checked: dict[str, list[Row]] = {}
    with _executor(args) as executor:
        for paper in [load(slug, home) for slug in args.slugs or slugs(home)]:
            checked[paper.slug] = paper.check(executor=executor, **_options(args))
    if args.json:
        records = {slug: [row.record() for row in rows] for slug, rows in checked.items()}
        print(json.dumps(records, indent=2))
    else:
        print("\n\n".join(f"{slug}\n{table(rows)}" for slug, rows in checked.items()))
        print(f"\n{_tally([row.verdict for rows in checked.values() for row in rows])}")
    return int(any(row.verdict is Verdict.MISS for rows in checked.values() for row in rows))


def _tally(verdicts: Sequence[Verdict]) -> str:
    return ", ".join(f"{verdicts.count(kind)} {kind}" for kind in Verdict if kind in verdicts)


def _notebook(args: argparse.Namespace, home: str) -> int:
    print(load(args.slug, home).notebook(args.out))
    return 0


def _executor(args: argparse.Namespace) -> AbstractContextManager[Executor | None]:
    # Spawned, because a fork inherits the locks of compiled kernels that have begun to run.
    if args.jobs == 1:
        return nullcontext()
    return ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn"))


def _options(args: argparse.Namespace) -> dict[str, Any]:
    options = {key: getattr(args, key) for key in ("scale", "backend", "seed", "out", "force")}
    return options | {"progress": partial(tqdm, leave=False, disable=None)}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> _Parser:
    out = _Parser(add_help=False)
    out.add_argument("--out", metavar="DIR", help="folder of all results (default: ./results)")
    run = _Parser(add_help=False, parents=[out])
    run.add_argument("--scale", choices=SCALES, default="quick")
    run.add_argument("--backend", choices=BACKENDS, default="numpy")
    run.add_argument("--seed", type=_natural, default=0)
    run.add_argument("--jobs", type=_positive, default=1, metavar="N", help="cases at a time")
    run.add_argument("--force", action="store_true", help="run even what is stored")

    parser = _Parser(prog="resolvent", description="Reproduce papers on numerical linear algebra.")
    parser.add_argument("--version", action="version", version=f"resolvent {__version__}")

    def show_help(*_: Any) -> int:
        parser.print_help()
        return 0

    parser.set_defaults(command=show_help)
    commands = parser.add_subparsers(metavar="COMMAND")

    def command(name: str, function: Command, help: str, *parents: _Parser) -> _Parser:
        sub = commands.add_parser(name, help=help, description=help, parents=parents)
        sub.set_defaults(command=function)
        return sub

    sub = command("list", _list, "show the papers, their cases and their last checks", out)
    sub.add_argument("--names", action="store_true", help="nothing but the slugs")
    sub = command("run", _run, "run the cases of a paper and print their numbers", run)
    sub.add_argument("slug")
    sub.add_argument("--case", help="only this one")
    sub = command("figure", _figure, "draw the figures of papers", run)
    sub.add_argument("slug", nargs="?", help="default: all papers")
    sub.add_argument("name", nargs="?", help="only this one")
    sub.add_argument("--format", choices=("png", "pdf", "svg"), default="png")
    sub = command("check", _check, "compare our numbers with the claims of papers", run)
    sub.add_argument("slugs", nargs="*", metavar="slug", help="default: all papers")
    sub.add_argument("--json", action="store_true")
    command("notebook", _notebook, "write the notebook of a paper", out).add_argument("slug")
    return parser


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 0, got {text!r}")
    return int(text)


def _positive(text: str) -> int:
    if _natural(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text!r}")
    return int(text)
