"""Run ``python -m resolvent``, or ``resolvent`` for short."""

import sys


def main() -> int:
    """Compose the library from above: the one place where core knows of `resolvent.papers`."""
    from resolvent.papers.command_line import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
