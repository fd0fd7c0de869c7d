"""Custom properties: `var()` and `env()` put in where a value asks for them (CSS Custom Properties 1)."""

from __future__ import annotations

import re

from daemon.mail.css_lengths import VALUE_MAX_CHARS
from daemon.mail.css_values import Declarations, settled

DEEP_MAX = 6
VARIABLES_MAX = 300

Variables = tuple[tuple[str, str], ...]
_CALL = re.compile(r"(var|env)\(\s*([\w\-\u0080-\U0010ffff]*)\s*(?:,((?:[^()]|\((?:[^()]|\([^()]*\))*\))*))?\)")
_UNKNOWN = "unknown("
# What hides where it would decide whether an element shows, when the value cannot be told.
_DECIDING = {"display": "none", "visibility": "hidden", "opacity": "0", "content-visibility": "hidden"}


def resolved(style: Declarations, variables: Variables) -> Declarations:
    """Declarations with variables put in; what is not defined hides where it would decide whether an element shows."""
    if not any("var(" in value or "env(" in value for value in style.values()):
        return style
    known = dict(variables)
    own = {name: value for name, value in style.items() if name[:2] == "--"}
    known.update(own)
    # Those of an element are worked out where it sets them, not where they are used.
    own = {name: _put_in(value, known) for name, value in own.items()}
    known.update(own)
    done: Declarations = {}
    for name, value in style.items():
        if name in own:
            done[name] = own[name]
        elif "var(" not in value and "env(" not in value:
            done[name] = value
        else:
            text = _put_in(value, known)
            if "var(" not in text and _UNKNOWN not in text:
                done |= settled(name, text)
            elif name in _DECIDING:
                done[name] = _DECIDING[name]
    return done


def _put_in(value: str, known: dict[str, str]) -> str:
    for _ in range(DEEP_MAX):
        if ("var(" not in value and "env(" not in value) or len(value) > VALUE_MAX_CHARS:
            break
        value = _CALL.sub(lambda match: _one(match, known), value).strip()
    return value


def _one(match: re.Match[str], known: dict[str, str]) -> str:
    if match[1] == "env":
        return "0px" if match[2].startswith("safe-area") else match[3] or _UNKNOWN
    found = known.get(match[2])
    return found if found is not None else match[3] if match[3] is not None else _UNKNOWN


def handed_down(variables: Variables, style: Declarations) -> Variables:
    """The variables inside an element."""
    own = {name: value for name, value in style.items() if name[:2] == "--" and len(value) <= VALUE_MAX_CHARS}
    return tuple({**dict(variables), **own}.items())[-VARIABLES_MAX:] if own else variables
