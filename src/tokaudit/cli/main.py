"""What does `tokaudit` offer on the command line?"""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

from tokaudit import __version__
from tokaudit.cli.audit import audit
from tokaudit.cli.doctor import doctor
from tokaudit.cli.estimate import estimate
from tokaudit.cli.export import export
from tokaudit.cli.ingest import ingest
from tokaudit.cli.plan import plan
from tokaudit.cli.prices import prices
from tokaudit.cli.readers import readers
from tokaudit.cli.reconcile import reconcile
from tokaudit.cli.report import report
from tokaudit.cli.simulate import simulate
from tokaudit.cli.terminal import print_error
from tokaudit.errors import EXIT_FAILED, TokauditError

COMMANDS: tuple[Callable[..., None], ...] = (
    audit, ingest, report, plan, doctor, export, reconcile, prices, readers, estimate, simulate,
)  # fmt: skip
DEBUG = "TOKAUDIT_DEBUG"

app = typer.Typer(
    name="tokaudit",
    help="A cost audit of your LLM API logs that one can check to the cent. Runs on this machine; nothing leaves it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(value: bool) -> None:
    if value:
        print(f"tokaudit {__version__}")  # noqa: T201 - the answer
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def handled(command: Callable[..., None]) -> Callable[..., None]:
    """Turn failures into three lines on stderr and an exit code; never into a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except TokauditError as error:
            print_error(error)
            raise typer.Exit(error.exit_code) from error
        except BrokenPipeError:
            # The reader of our output has gone (`| head`): not an error, and nothing more can be said.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None
        except Exception as error:
            if os.environ.get(DEBUG):
                traceback.print_exc()
            hint = f"this is a defect of tokaudit; run again with {DEBUG}=1 and report the trace"
            print_error(TokauditError(f"an unexpected {type(error).__name__}", hint=hint))
            raise typer.Exit(EXIT_FAILED) from error

    return run


for _command in COMMANDS:
    app.command(_command.__name__)(handled(_command))


def main() -> None:
    """Run the command line."""
    app()
