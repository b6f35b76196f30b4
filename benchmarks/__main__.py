"""Run ``python -m benchmarks roots``: measure, print the table, keep every number as JSON."""

import argparse
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import benchmarks
from benchmarks.harness import FULL, QUICK, machine, measure, table, verdict

NAMES = sorted(
    module.name
    for module in pkgutil.iter_modules(benchmarks.__path__)
    if module.name not in ("__main__", "harness")
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--only", metavar="PATTERN", default="", help="regular expression of rows")
    parser.add_argument("--quick", action="store_true", help="few and short rounds")
    parser.add_argument("--backend", choices=("numpy", "cupy"), default="numpy")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number here")
    options = parser.parse_args(arguments)

    try:
        xp, synchronize = backend(options.backend)
    except RuntimeError as error:
        parser.error(str(error))
    rows = [
        row
        for row in import_module(f"benchmarks.{options.name}").rows(xp)
        if re.search(options.only, row.name)
    ]
    if not rows:
        parser.error(f"no row matches {options.only!r}")

    about = machine(xp)
    records = []
    with tqdm(rows, unit="row") as bar:
        bar.write("\n".join(f"{key}: {value}" for key, value in about.items()))
        for row in bar:
            bar.set_description(row.name)
            records.append(measure(row, QUICK if options.quick else FULL, synchronize))
            bar.write(table(records[-1]))
    print(verdict(records))
    if options.json:
        report = {"benchmark": options.name, "machine": about, "rows": records}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def backend(name: str) -> tuple[Any, Callable[[], object]]:
    """Return the array library and the call that waits until its device is idle."""
    if name == "numpy":
        return np, lambda: None
    try:
        import cupy
    except ImportError as error:
        raise RuntimeError("--backend cupy needs CuPy: pip install 'resolvent[cuda12]'") from error
    if not cupy.cuda.is_available():
        raise RuntimeError("--backend cupy: CuPy finds no GPU")
    return cupy, cupy.cuda.Device().synchronize


if __name__ == "__main__":
    sys.exit(main())
