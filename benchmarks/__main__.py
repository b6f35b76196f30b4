"""Time resolvent against its peers: python -m benchmarks roots --quick."""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import pkgutil
import platform
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import benchmarks
from benchmarks import harness
from benchmarks.harness import FULL, QUICK
from resolvent.linalg.compiled.threads import threads

NAMES = sorted(
    {m.name for m in pkgutil.iter_modules(benchmarks.__path__)}
    - {"__main__", "harness", "plain_sums", "transport_problems"}
)
PACKAGES = re.compile(
    r"resolvent|numpy|scipy|numba|pyamg|pot|regot|pymor|fmm[23]dpy|torch|cupy-cuda\d+x"
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
        pattern = re.compile(options.only)
    except (RuntimeError, re.error) as error:
        parser.error(str(error))
    benchmark = importlib.import_module(f"benchmarks.{options.name}")
    measure, table, verdict = (
        getattr(benchmark, step, getattr(harness, step)) for step in ("measure", "table", "verdict")
    )
    every = benchmark.rows(xp)
    rows = [row for row in every if pattern.search(row.name)]
    if not rows:
        parser.error(f"no row matches {options.only!r}; there are {[row.name for row in every]}")

    about, records = machine(xp), []
    print(*(f"{key:10} {value}" for key, value in about.items()), sep="\n", end="\n\n")
    with tqdm(rows, unit="row", disable=None) as bar:
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
    """Return the array library and the call that waits for its device."""
    if name == "numpy":
        return np, lambda: None
    try:
        import cupy
    except ImportError as error:
        raise RuntimeError("--backend cupy: CuPy is not installed") from error
    if not cupy.cuda.is_available():
        raise RuntimeError("--backend cupy: CuPy finds no GPU")
    return cupy, cupy.cuda.Device().synchronize


def machine(xp: Any) -> dict[str, str]:
    """Return the processor, the threads of every pool, and the versions."""
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", cpuinfo.read_text() if cpuinfo.exists() else "")
    about = {"processor": f"{next(iter(models), platform.machine())}, {os.cpu_count()} cores"}
    if xp is not np:
        about["gpu"] = xp.cuda.runtime.getDeviceProperties(0)["name"].decode()
    pools = [f"numba: {threads(sys.maxsize)}"]
    if importlib.util.find_spec("threadpoolctl"):
        from threadpoolctl import threadpool_info

        pools += [
            f"{pool['prefix']} {pool['version'] or ''}".strip() + f": {pool['num_threads']}"
            for pool in threadpool_info()
        ]
    installed = {d.name: d.version for d in importlib.metadata.distributions()}
    versions = [f"{name} {v}" for name, v in sorted(installed.items()) if PACKAGES.fullmatch(name)]
    return about | {
        "threads": ", ".join(pools),
        "versions": ", ".join([f"python {platform.python_version()}", *versions]),
    }


if __name__ == "__main__":
    sys.exit(main())
