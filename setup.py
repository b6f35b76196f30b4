"""Map the top-level folders to the import package, so that a new sub-package can't be forgotten."""

from setuptools import find_packages, setup

PARTS = ["linalg", "solvers", "preconditioners", "papers"]
homes = {"resolvent": "core"} | {f"resolvent.{part}": part for part in PARTS}
packages = [
    name if sub is None else f"{name}.{sub}"
    for name, home in homes.items()
    for sub in [None, *find_packages(home)]
]
setup(packages=packages, package_dir=homes)
