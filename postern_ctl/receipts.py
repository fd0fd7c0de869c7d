"""The end of every mutation: what changed goes to stdout, its audit line and one-time link to stderr."""

from __future__ import annotations

from postern_ctl import diagnostics, output
from postern_ctl.answers import Answer


def done(answer: Answer, *, essential: str = "id", reveal: bool = False) -> None:
    """Print what a mutation answered; a minted secret only when it is to be revealed."""
    hidden = not reveal and output.concealed(answer.data) != answer.data
    output.receipt(answer, essential=essential, reveal=reveal)
    diagnostics.receipt(answer, hidden_secret=hidden)
