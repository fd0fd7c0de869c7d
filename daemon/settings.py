"""Every setting: name, type, default and help, declared once.

Order of sources: flag, environment `POSTERN_*`, `postern.toml`, default. Imports nothing heavy: the command line reads
settings too.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

ENV_PREFIX = "POSTERN_"
SOCKET_NAME = "postern.sock"
PARTS = ("http", "smtp", "dns")
SOCKET_PATH_MAX_OCTETS = 100  # sun_path has 104 octets on macOS and 108 on Linux
_DURATION = re.compile(r"(\d+)\s*([smhd]?)\Z")
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class SettingsError(ValueError):
    """A setting cannot be used; the message names it, its source and what it should look like."""


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


def _whole(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError("give a whole number, zero or more")
    return int(text)


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("there is no such user's home directory; give the path itself") from None


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"give one of {', '.join(choices)}")
        return text

    return read


def _yes_or_no(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError("give 1 or 0") from None


def _domain(text: str) -> str:
    from zones.name import normalise

    return normalise(text)


def _domains(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_domain(word) for word in text.replace(",", " ").split()))


def _addresses(text: str) -> tuple[str, ...]:
    import ipaddress

    return tuple(dict.fromkeys(str(ipaddress.ip_address(word)) for word in text.replace(",", " ").split()))


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
            words.append(_domain(word))
    return tuple(dict.fromkeys(words))


def _parts(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not words or set(words) - set(PARTS):
        raise ValueError(f"give one or more of {', '.join(PARTS)}")
    return words


def _targets(text: str) -> str:
    return ", ".join(allowed_targets(text))


def _relays(text: str) -> str:
    words = allowed_targets(text)
    if names := [word for word in words if word not in ("loopback", "private") and "/" not in word]:
        raise ValueError(f"{names[0]} is no network; give for instance 198.51.100.7 or 10.1.0.0/16")
    return ", ".join(words)


def _setting(
    default: object, help_text: str, *, read: Callable[[str], Any] = str, unit: str = "", secret: bool = False
) -> Any:
    meta = {"help": help_text, "read": read, "unit": unit, "secret": secret}
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in force. A field `data_dir` is `POSTERN_DATA_DIR`, `--data-dir` and `data_dir` in the file."""

    api_base_url: str | None = _setting(None, "what clients talk to; unset: the local control socket; mock: fixtures")
    api_key: str | None = _setting(None, "agent, enrollment or operator key of the client", secret=True)
    mock: bool = _setting(False, "1: `posternctl mcp` runs on fixtures, offline", read=_yes_or_no)
    data_dir: Path | None = _setting(None, "database, master key, control socket", read=_path)
    only: tuple[str, ...] = _setting(PARTS, "what listens beside the control socket: http, smtp, dns", read=_parts)
    http_listen: HostPort = _setting(HostPort("127.0.0.1", 8600), "REST API and one-time links", read=host_port)
    smtp_listen: HostPort = _setting(HostPort("127.0.0.1", 2525), "embedded mail receiver", read=host_port)
    dns_listen: HostPort = _setting(HostPort("127.0.0.1", 5300), "name server, UDP and TCP", read=host_port)
    dns_workers: int = _setting(1, "processes of the name server, one a core; 0: none", read=_whole)
    dns_rate: int = _setting(200, "DNS answers a second by UDP for each network; 0: no limit", read=_whole, unit="1/s")
    dns_limit_loopback: str = _setting("no", "whether dns_rate limits this machine, too", read=_one_of("no", "yes"))
    dns_linger: int = _setting(
        600, "how long the name server answers on after the daemon died", read=duration_seconds, unit="s"
    )
    dns_user: str | None = _setting(None, "user that the name server becomes, when the daemon runs as root")
    nameservers: tuple[str, ...] = _setting(
        (), "names in NS records, the primary first; unset: ns1 and ns2.<base domain>", read=_domains
    )
    public_ips: tuple[str, ...] = _setting(
        ("127.0.0.1",), "this host's addresses, as A, AAAA and SPF records say them", read=_addresses
    )
    public_url: str | None = _setting(None, "base of one-time links; unset: from the HTTP listener")
    base_domain: str = _setting("postern.test", "parent of the shared subdomains", read=_domain)
    mail_host: str | None = _setting(None, "name of this mail host; unset: mx.<base domain>", read=_domain)
    tls_cert: Path | None = _setting(None, "certificate chain (PEM): turns STARTTLS on", read=_path)
    tls_key: Path | None = _setting(None, "private key of tls_cert (PEM)", read=_path)
    receive_backend: str = _setting("embedded", "where mail comes from", read=_one_of("embedded"))
    suspended_mail: str = _setting(
        "accept", "mail for a suspended tenant: accept, or defer with 450", read=_one_of("accept", "defer")
    )
    agent_key_ttl: int = _setting(86_400, "life of an agent key", read=duration_seconds, unit="s")
    send_backend: str = _setting(
        "loopback", "who takes outgoing mail: loopback delivers between local mailboxes only", read=_one_of("loopback")
    )
    max_send_bytes: int = _setting(10 * 1024 * 1024, "largest mail sent, whole", read=_whole, unit="bytes")
    max_wait_ms: int = _setting(300_000, "longest single wait", read=_whole, unit="ms")
    max_message_bytes: int = _setting(25 * 1024 * 1024, "largest mail taken in", read=_whole, unit="bytes")
    retention_days: int = _setting(0, "messages older than this are removed; 0 keeps them", read=_whole, unit="days")
    rate_per_minute: int = _setting(
        3_000, "what one key may ask a minute, also all at once; a change counts 5; 0: all", read=_whole, unit="calls"
    )
    rate_waits: int = _setting(1_000, "waits that one key may have open; 0: all", read=_whole)
    rate_streams: int = _setting(16, "event streams that one key may have open; 0: all", read=_whole)
    rate_strangers_per_minute: int = _setting(
        600, "refusals of bad keys that one network (/24, /64) gets in a minute; 0: all", read=_whole, unit="calls"
    )
    rate_loopback: str = _setting(
        "exempt",
        "callers and mail from this machine: exempt from rate limits, or limited",
        read=_one_of("exempt", "limited"),
    )
    rate_inbound_per_sender: int = _setting(
        60, "mails a minute that one sender gets into one mailbox before it is told to wait; 0: all", read=_whole
    )
    rate_inbound_per_network: int = _setting(
        600, "the same for all senders of one network (/24, /64) together; 0: all", read=_whole
    )
    rate_replies_per_hour: int = _setting(
        30, "answers that one thread takes in an hour, so that two agents do not write for ever; 0: all", read=_whole
    )
    rate_replies_per_day: int = _setting(100, "answers that one thread takes in a day; 0: all", read=_whole)
    rate_auto_replies_per_day: int = _setting(
        3, "answers to automatic mail that one thread takes in a day; 0: all", read=_whole
    )
    send_cap_first: int = _setting(10, "sends a day of a mailbox on its first day", read=_whole, unit="recipients")
    send_cap_full: int = _setting(50, "sends a day of a mailbox in the end", read=_whole, unit="recipients")
    send_cap_ramp_days: int = _setting(28, "how long the first becomes the full cap", read=_whole, unit="days")
    webhook_allow: str = _setting(
        "",
        "webhook targets beside public https ones, by plain http too: loopback, private, networks, host names",
        read=_targets,
    )
    resolver: HostPort | None = _setting(
        None, "name server that checks of senders ask; unset: the system's", read=name_server
    )
    trusted_authserv: str | None = _setting(
        None, "name under which your own relay writes Authentication-Results; unset: none is believed", read=_domain
    )
    trusted_relays: str = _setting(
        "loopback, private", "addresses of relays of your own: loopback, private, networks", read=_relays
    )
    checkpoint_file: Path | None = _setting(
        None, "file, best on another disk, that signed checkpoints of the audit log are added to", read=_path
    )
    checkpoint_url: str | None = _setting(
        None, "URL that they are posted to; what is not public has to be in webhook_allow"
    )
    log_level: str = _setting(
        "info", "least severe log line written", read=_one_of("debug", "info", "warning", "error")
    )

    @property
    def home(self) -> Path:
        """Return the data directory, the platform's own when none is set."""
        if self.data_dir is not None:
            return self.data_dir
        import platformdirs

        return Path(platformdirs.user_data_dir("postern"))

    @property
    def database_path(self) -> Path:
        return self.home / "postern.db"

    @property
    def socket_path(self) -> Path:
        """Return the control socket: in the data directory, or in a runtime directory when that path is too long."""
        usual = self.home / SOCKET_NAME
        if _fits(usual):
            return usual
        import hashlib

        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16] + ".sock"
        given = os.environ.get("XDG_RUNTIME_DIR")
        runtime = Path(given, "postern", name) if given else None
        return runtime if runtime and _fits(runtime) else _own_directory() / name

    @property
    def dns_socket_paths(self) -> tuple[Path, ...]:
        """Return the control socket of each process of the name server, beside our own."""
        control = self.socket_path
        return tuple(control.with_name(f"{control.stem}.dns{number}") for number in range(self.dns_workers))

    @property
    def nameserver_names(self) -> tuple[str, ...]:
        return self.nameservers or (f"ns1.{self.base_domain}", f"ns2.{self.base_domain}")

    @property
    def agent_key_ttl_ms(self) -> int:
        return self.agent_key_ttl * 1000

    @property
    def mail_host_name(self) -> str:
        return self.mail_host or f"mx.{self.base_domain}"


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_MAX_OCTETS


def _own_directory() -> Path:
    """Return a short directory for sockets. Whoever made it first owns it, so it is used only if that was us."""
    path = Path(f"/tmp/postern-{os.getuid()}")  # noqa: S108  checked here, and made with mode 0700
    if path.is_symlink() or (path.exists() and path.stat().st_uid != os.getuid()):
        raise SettingsError(f"{path} is not yours. Remove it, or choose a shorter data directory.")
    return path


class Sourced(NamedTuple):
    """One setting as it came out: shown by `posternctl config show`."""

    name: str
    value: str
    source: str
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with the source of each."""

    settings: Settings
    sources: Mapping[str, str]

    def table(self) -> list[Sourced]:
        """Return every setting for display; secrets are masked."""
        rows = []
        for item in fields(Settings):
            value = getattr(self.settings, item.name)
            shown = "" if value is None else ", ".join(value) if type(value) is tuple else str(value)
            if item.metadata["secret"] and shown:
                shown = "(set)"
            name, source = ENV_PREFIX + item.name.upper(), self.sources[item.name]
            rows.append(Sourced(name, shown, source, item.metadata["unit"], item.metadata["help"]))
        return rows


def load(
    flags: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None, config_file: Path | None = None
) -> Loaded:
    """Read the settings from all sources. Raises `SettingsError`."""
    flags = flags or {}
    env = os.environ if env is None else env
    path = config_file or config_path(env)
    from_file = _read_file(path)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for item in fields(Settings):
        name, variable = item.name, ENV_PREFIX + item.name.upper()
        if name in flags:
            text, source = flags[name], f"flag --{name.replace('_', '-')}"
        elif env.get(variable, "") != "":
            text, source = env[variable], f"environment {variable}"
        elif name in from_file:
            text, source = str(from_file[name]), f"file {path}"
        else:
            sources[name] = "default"
            continue
        try:
            values[name] = item.metadata["read"](text)
        except ValueError as problem:
            shown = "" if item.metadata["secret"] else f" {text!r}"
            raise SettingsError(f"{source}:{shown} cannot be used: {problem}") from None
        sources[name] = source
    unknown = sorted(set(from_file) - {item.name for item in fields(Settings)})
    if unknown:
        raise SettingsError(f"file {path}: there is no setting {unknown[0]!r}; `posternctl config show` lists all")
    return Loaded(Settings(**values), sources)


def config_path(env: Mapping[str, str]) -> Path:
    """Return where `postern.toml` is looked for: `POSTERN_CONFIG`, else the platform's config directory."""
    if env.get("POSTERN_CONFIG"):
        return Path(env["POSTERN_CONFIG"])
    import platformdirs

    return Path(platformdirs.user_config_dir("postern")) / "postern.toml"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as source:
            return tomllib.load(source)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:  # no TOML, or no UTF-8
        raise SettingsError(f"file {path} cannot be read: {problem}") from None
