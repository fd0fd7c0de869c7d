"""How a setting is declared, and how its text becomes a value: each reader raises `ValueError` with what to write."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any, NamedTuple

_DURATION = re.compile(r"(\d+)\s*([smhd]?)\Z")
PARTS = ("http", "smtp", "dns")
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class HostPort(NamedTuple):
    """Where to listen, or what to talk to. Port 0 takes a free one to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def host_port(text: str) -> HostPort:
    """Read `host:port`; an IPv6 host stands in brackets. Raises `ValueError`."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError('give "host:port", for instance 127.0.0.1:8600')
    return HostPort(host, int(port))


def name_server(text: str) -> HostPort:
    """Read the address of a name server, its port being 53 if none is given. Raises `ValueError`."""
    import ipaddress

    try:
        return HostPort(str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))), 53)
    except ValueError:
        pass
    try:
        found = host_port(text)
        return HostPort(str(ipaddress.ip_address(found.host)), found.port)
    except ValueError:
        raise ValueError("give an address, with a port if it is not 53, for instance 127.0.0.1:5353") from None


def duration_seconds(text: str) -> int:
    """Read `90`, `90s`, `15m`, `24h` or `7d` as seconds. Raises `ValueError`."""
    found = _DURATION.match(text.strip())
    if not found:
        raise ValueError("give a duration such as 90s, 15m, 24h or 7d")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def whole(text: str) -> int:
    """Read a whole number, zero or more."""
    if not text.strip().isdecimal():
        raise ValueError("give a whole number, zero or more")
    return int(text)


def path(text: str) -> Path:
    """Read a path, `~` and all, as an absolute one."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("there is no such user's home directory; give the path itself") from None


def one_of(*choices: str) -> Callable[[str], str]:
    """Return what reads one of some words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"give one of {', '.join(choices)}")
        return text

    return read


def yes_or_no(text: str) -> bool:
    """Read `1` or `0`, or a word for it."""
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError("give 1 or 0") from None


def domain(text: str) -> str:
    """Read a domain name in its normal form."""
    from zones.name import normalise

    return normalise(text)


def domains(text: str) -> tuple[str, ...]:
    """Read domain names, with commas or blanks between them."""
    return tuple(dict.fromkeys(domain(word) for word in text.replace(",", " ").split()))


def addresses(text: str) -> tuple[str, ...]:
    """Read addresses of hosts, with commas or blanks between them."""
    import ipaddress

    return tuple(dict.fromkeys(str(ipaddress.ip_address(word)) for word in text.replace(",", " ").split()))


def addr_spec(text: str) -> str:
    """Read one address, `local@domain`."""
    local, at, name = text.strip().rpartition("@")
    if not at or not local or set(local) & set("<> \t"):
        raise ValueError("give an address, for instance agents@example.com")
    return f"{local}@{domain(name)}"


def allowed_targets(text: str) -> tuple[str, ...]:
    """Read what `webhook_allow` allows: `loopback`, `private`, networks, addresses, host names. Raises `ValueError`."""
    import ipaddress

    words = []
    for word in text.replace(",", " ").split():
        if word in ("loopback", "private"):
            words.append(word)
            continue
        try:
            words.append(str(ipaddress.ip_network(word)))
        except ValueError:
            if "/" in word or ":" in word or word.replace(".", "").isdecimal():
                raise ValueError(f"{word} is no network; give for instance 10.1.0.0/16 or fd00:1::/32") from None
            words.append(domain(word))
    return tuple(dict.fromkeys(words))


def targets(text: str) -> str:
    """Read what `allowed_targets` does, kept as text."""
    return ", ".join(allowed_targets(text))


def relays(text: str) -> str:
    """Read networks as `allowed_targets` does, and no names."""
    words = allowed_targets(text)
    if names := [word for word in words if word not in ("loopback", "private") and "/" not in word]:
        raise ValueError(f"{names[0]} is no network; give for instance 198.51.100.7 or 10.1.0.0/16")
    return ", ".join(words)


def place(text: str) -> HostPort | Path:
    """Read `host:port`, or the path of a socket, which has a slash. Raises `ValueError`."""
    return path(text) if "/" in text else host_port(text)


def url(text: str) -> str:
    """Read a URL without the slash at its end. Raises `ValueError`."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("give a URL, for instance https://mail.example.com:8080")
    return text.rstrip("/")


def names(text: str) -> tuple[str, ...]:
    """Read names with commas between them. Raises `ValueError`."""
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not found:
        raise ValueError("give at least one name")
    return found


def setting(
    default: object, help_text: str, *, read: Callable[[str], Any] = str, unit: str = "", secret: bool = False
) -> Any:
    """Declare one: its default, what it is, how it is read; a secret is no flag, and is never shown."""
    meta = {"help": help_text, "read": read, "unit": unit, "secret": secret}
    return field(default=default, metadata=meta)


def parts(text: str) -> tuple[str, ...]:
    """Read which listeners there are to be. Raises `ValueError`."""
    words = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not words or set(words) - set(PARTS):
        raise ValueError(f"give one or more of {', '.join(PARTS)}")
    return words


def pairs(text: str) -> tuple[str, ...]:
    """Read `domain=text` with commas between. Raises `ValueError`."""
    found = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = word.partition("=")
        if not equals or not value.strip():
            raise ValueError(f"{word!r} is no pair; give for instance example.com=ms-domain-verification=…")
        found.append(f"{domain(name.strip())}={value.strip()}")
    return tuple(found)
