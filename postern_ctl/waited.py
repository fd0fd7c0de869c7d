"""The end of every wait: the mail that came and what it holds, or what came instead."""

from __future__ import annotations

import math

import typer

from postern_ctl import diagnostics, output
from postern_ctl.answers import Answer, Document
from postern_ctl.diagnostics import Exit, Failed
from postern_ctl.invocation import WrongUsage


def check(timeout_seconds: float) -> None:
    """Refuse a time that is none. Raises `WrongUsage`."""
    if not math.isfinite(timeout_seconds) or timeout_seconds < 0:
        raise WrongUsage(f"--timeout {timeout_seconds:g}: give a number of seconds, zero or more.")


def told(answer: Answer, timeout_seconds: float, *, once: bool) -> None:
    """Print what a wait answered. Raises `Failed` when only the code was asked for and there is none."""
    if answer.data["timed_out"]:
        _in_vain(answer.data, timeout_seconds)
    elif once:
        _only_code(answer)
    else:
        _came(answer)
    diagnostics.receipt(answer, hidden_secret=False)


def _in_vain(data: Document, timeout_seconds: float) -> None:
    output.only_json({"data": data})
    diagnostics.warn(f"No matching mail came within {timeout_seconds:g} s. {_instead(data['near_misses'])}")
    raise typer.Exit(Exit.IN_VAIN)


def _instead(misses: Document) -> str:
    """Say what came and was not it; what to do follows from that."""
    if not misses["arrived"]:
        return "Wait again with --since to count what comes meanwhile."
    why = ", ".join(f"{name} {count}" for name, count in misses["reasons"].items())
    return f"{misses['arrived']} came that did not match ({why}); loosen that, or go further back with --since."


def _only_code(answer: Answer) -> None:
    data = answer.data
    extracted = data["extracted"]
    if not extracted["otp_code"]:
        has_link = "a link but no code; leave out --once to see it" if extracted["verification_link"] else "no code"
        raise Failed("no_code", f"The mail came, and holds {has_link}. Its id is {data['message']['id']}.")
    if not output.only_json(output.whole(answer)):
        output.lines([extracted["otp_code"]])


def _came(answer: Answer) -> None:
    message, extracted = answer.data["message"], answer.data["extracted"]
    grounds = extracted["provenance"]
    shown = {
        "subject": message["subject"],
        "from": message["from"],
        "code": extracted["otp_code"],
        "code believed": _believed(grounds["otp_code"]),
        "link": extracted["verification_link"],
        "link believed": _believed(grounds["verification_link"]),
        "credentials": extracted["credentials"],
        "message": message["id"],
    }
    for optional in ("code believed", "link believed", "credentials"):
        if not shown[optional]:
            del shown[optional]
    if not output.only_json(output.whole(answer)):
        output.show(shown, essential="code" if shown["code"] else "link" if shown["link"] else "message")


def _believed(evidence: Document | None) -> str | None:
    """Say how far a value is believed, and whether the sender's domain stands behind it."""
    if evidence is None:
        return None
    if evidence["link_domain"]:
        behind = "of the sender's domain" if evidence["aligned"] else f"of {evidence['link_domain']}, not the sender's"
    else:
        behind = "the sender is authenticated" if evidence["aligned"] else "the sender is not authenticated"
    return f"{evidence['confidence']:.0%}, {behind}"
