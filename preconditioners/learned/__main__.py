"""Train a model that comes with the library again: python -m resolvent.preconditioners.learned."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from resolvent.preconditioners.learned.recipes import RECIPES
from resolvent.preconditioners.learned.training.train import TrainingState


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one model and write its file."""
    parser = argparse.ArgumentParser(prog="python -m resolvent.preconditioners.learned")
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("directory", type=Path, help="where NAME.npz is written")
    options = parser.parse_args(arguments)
    if not options.directory.is_dir():
        parser.error(f"{options.directory} is not a directory")
    with tqdm(unit="step", disable=None) as bar:

        def show(state: TrainingState) -> None:
            bar.total = state.steps
            bar.set_description(f"{state.score:.1f} steps of the solver", refresh=False)
            bar.update()

        model = RECIPES[options.name](show)
    path = options.directory / f"{options.name}.npz"
    model.save(path)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
