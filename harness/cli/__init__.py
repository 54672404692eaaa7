"""The command line: `samepanel VERB`. Errors that a person can repair are one line on stderr and exit code 2."""

from __future__ import annotations

import sys

from harness.errors import SamepanelError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Entry point. Exit codes: 0 done, 1 a check said no, 2 something to repair."""
    from harness.cli.app import app  # noqa: PLC0415 -- typer and rich stay out of `import harness.cli`
    from harness.cli.memory import return_large_blocks  # noqa: PLC0415 -- see above

    return_large_blocks()
    try:
        app(arguments, standalone_mode=True)
    except SamepanelError as error:
        sys.exit(_complain(f"error: {error}"))
    except KeyboardInterrupt:
        sys.exit(_complain("interrupted; what was finished is kept: run the same command again to go on"))
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        sys.exit(_complain(f"error: {error}"))


def _complain(text: str) -> int:
    sys.stderr.write(text.replace("\n", " ") + "\n")
    return 2
