"""Passphrases: from stdin or typed blindly, never from the command line."""

from __future__ import annotations

from postern_ctl import diagnostics
from postern_ctl.invocation import WrongUsage
from postern_ctl.session import secret_from_stdin

LETTERS_MIN = 8


def chosen(*, from_stdin: bool) -> str:
    """Return a new passphrase, typed twice. Raises `WrongUsage`."""
    passphrase = secret_from_stdin("passphrase") if from_stdin else _typed("Passphrase:")
    if len(passphrase) < LETTERS_MIN:
        raise WrongUsage(f"A passphrase has at least {LETTERS_MIN} letters.")
    if not from_stdin and _typed("Once more:") != passphrase:
        raise WrongUsage("The two are not the same. Try again.")
    return passphrase


def known(*, from_stdin: bool) -> str:
    """Return the passphrase of something. Raises `WrongUsage`."""
    return secret_from_stdin("passphrase") if from_stdin else _typed("Passphrase:")


def _typed(prompt: str) -> str:
    if not diagnostics.can_ask():
        raise WrongUsage("Nobody is here to type a passphrase. Pipe it in, with --passphrase-stdin.")
    return diagnostics.ask_hidden(prompt)
