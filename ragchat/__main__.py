"""The front door: `ragchat` and `python -m ragchat`."""

import os
import sys

from ragchat import __version__


def main() -> int:
    """Run the command line and return its exit status.

    The version is answered before anything is imported: it is what scripts and package managers ask for.
    """
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"ragchat {__version__}\n")
        return 0
    # Numpy reads it when it is loaded. Threads wait for each other, on a busy machine longer than a search takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ragchat.cli.run import run  # noqa: PLC0415

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
