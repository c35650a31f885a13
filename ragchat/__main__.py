"""The front door: `ragchat` and `python -m ragchat`."""

import sys

from ragchat import __version__


def main() -> int:
    """Run the command line and return its exit status.

    The version is answered before anything is imported: it is what scripts and package managers ask for.
    """
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"ragchat {__version__}\n")
        return 0
    from ragchat.cli.main import run  # noqa: PLC0415

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
