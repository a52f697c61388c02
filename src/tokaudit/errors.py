"""How does a run fail so that the reader knows what to do next?

Bad data is a value (`schema.Reject`), counted and shown. These exceptions are for misuse and for runs that cannot go on;
the command line prints them in three lines (what, where, hint) and leaves with `exit_code`.
"""

from __future__ import annotations

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_GATE = 3


class TokauditError(Exception):
    """A failure the user can act on."""

    exit_code = EXIT_FAILED

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint


class InputError(TokauditError):
    """A path, file or stream that cannot be read as a log."""


class NoCallsError(TokauditError):
    """Nothing to audit: no call was read, or none lies in the period."""


class ConfigError(TokauditError):
    """A settings, rates or feature file with an unknown key or a wrong value."""


class LedgerError(TokauditError):
    """The ledger cannot be opened, is in use, or is from another version."""


class UsageError(TokauditError):
    """Options that contradict each other or cannot be read."""

    exit_code = EXIT_USAGE


class GateNotMetError(TokauditError):
    """The run is done and written, but a gate the user set was not met."""

    exit_code = EXIT_GATE
