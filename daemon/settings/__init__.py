"""Every setting: name, type, default and help, declared once.

Order of sources: flag, environment `POSTERN_*`, `postern.toml`, default. Imports nothing heavy: the command line reads
settings too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from daemon.settings.receiving import ReceivingSettings
from daemon.settings.values import (
    PARTS,
    HostPort,
    addresses,
    allowed_targets,
    domain,
    domains,
    duration_seconds,
    host_port,
    name_server,
    one_of,
    parts,
    path,
    relays,
    setting,
    targets,
    whole,
    yes_or_no,
)

__all__ = [
    "ENV_PREFIX",
    "HostPort",
    "Loaded",
    "Settings",
    "SettingsError",
    "Sourced",
    "allowed_targets",
    "config_path",
    "duration_seconds",
    "host_port",
    "load",
    "name_server",
]

ENV_PREFIX = "POSTERN_"
SOCKET_NAME = "postern.sock"
SET = "(set)"
SOCKET_PATH_MAX_OCTETS = 100  # sun_path has 104 octets on macOS and 108 on Linux


class SettingsError(ValueError):
    """A setting cannot be used; the message names it, its source and what it should look like."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Settings(ReceivingSettings):
    """The settings in force. A field `data_dir` is `POSTERN_DATA_DIR`, `--data-dir` and `data_dir` in the file.

    They are neither compared nor shown as a whole: there are secrets among them, and each such method is made anew at
    every start.
    """

    api_base_url: str | None = setting(None, "what clients talk to; unset: the local control socket; mock: fixtures")
    api_key: str | None = setting(None, "agent, enrollment or operator key of the client", secret=True)
    mock: bool = setting(False, "1: `posternctl mcp` runs on fixtures, offline", read=yes_or_no)
    data_dir: Path | None = setting(None, "database, master key, control socket", read=path)
    only: tuple[str, ...] = setting(PARTS, "what listens beside the control socket: http, smtp, dns", read=parts)
    http_listen: HostPort = setting(HostPort("127.0.0.1", 8600), "REST API and one-time links", read=host_port)
    dns_listen: HostPort = setting(HostPort("127.0.0.1", 5300), "name server, UDP and TCP", read=host_port)
    dns_workers: int = setting(1, "processes of the name server, one a core; 0: none", read=whole)
    dns_rate: int = setting(200, "DNS answers a second by UDP for each network; 0: no limit", read=whole, unit="1/s")
    dns_limit_loopback: str = setting("no", "whether dns_rate limits this machine, too", read=one_of("no", "yes"))
    dns_linger: int = setting(
        600, "how long the name server answers on after the daemon died", read=duration_seconds, unit="s"
    )
    dns_user: str | None = setting(None, "user that the name server becomes, when the daemon runs as root")
    nameservers: tuple[str, ...] = setting(
        (), "names in NS records, the primary first; unset: ns1 and ns2.<base domain>", read=domains
    )
    public_ips: tuple[str, ...] = setting(
        ("127.0.0.1",), "this host's addresses, as A, AAAA and SPF records say them", read=addresses
    )
    public_url: str | None = setting(None, "base of one-time links; unset: from the HTTP listener")
    base_domain: str = setting("postern.test", "parent of the shared subdomains", read=domain)
    mail_host: str | None = setting(None, "name of this mail host; unset: mx.<base domain>", read=domain)
    mta_sts_host: str | None = setting(
        None, "HTTPS host that passes /.well-known/mta-sts.txt on to us; unset: no MTA-STS", read=domain
    )
    tls_cert: Path | None = setting(None, "certificate chain (PEM): turns STARTTLS on", read=path)
    tls_key: Path | None = setting(None, "private key of tls_cert (PEM)", read=path)
    suspended_mail: str = setting(
        "accept", "mail for a suspended tenant: accept, or defer with 450", read=one_of("accept", "defer")
    )
    agent_key_ttl: int = setting(86_400, "life of an agent key", read=duration_seconds, unit="s")
    max_wait_ms: int = setting(300_000, "longest single wait", read=whole, unit="ms")
    max_message_bytes: int = setting(25 * 1024 * 1024, "largest mail taken in", read=whole, unit="bytes")
    retention_days: int = setting(0, "messages older than this are removed; 0 keeps them", read=whole, unit="days")
    rate_per_minute: int = setting(
        3_000, "what one key may ask a minute, also all at once; a change counts 5; 0: all", read=whole, unit="calls"
    )
    rate_waits: int = setting(1_000, "waits that one key may have open; 0: all", read=whole)
    rate_streams: int = setting(16, "event streams that one key may have open; 0: all", read=whole)
    rate_strangers_per_minute: int = setting(
        600, "refusals of bad keys that one network (/24, /64) gets in a minute; 0: all", read=whole, unit="calls"
    )
    rate_loopback: str = setting(
        "exempt",
        "callers and mail from this machine: exempt from rate limits, or limited",
        read=one_of("exempt", "limited"),
    )
    rate_inbound_per_sender: int = setting(
        60, "mails a minute that one sender gets into one mailbox before it is told to wait; 0: all", read=whole
    )
    rate_inbound_per_network: int = setting(
        600, "the same for all senders of one network (/24, /64) together; 0: all", read=whole
    )
    rate_replies_per_hour: int = setting(
        30, "answers that one thread takes in an hour, so that two agents do not write for ever; 0: all", read=whole
    )
    rate_replies_per_day: int = setting(100, "answers that one thread takes in a day; 0: all", read=whole)
    rate_auto_replies_per_day: int = setting(
        3, "answers to automatic mail that one thread takes in a day; 0: all", read=whole
    )
    webhook_allow: str = setting(
        "",
        "webhook targets beside public https ones, by plain http too: loopback, private, networks, host names",
        read=targets,
    )
    resolver: HostPort | None = setting(
        None, "name server that checks of senders and domains ask; unset: the system's", read=name_server
    )
    dkim_rotation: int = setting(
        90 * 86_400, "age at which DKIM keys are replaced; 0: only when asked", read=duration_seconds, unit="s"
    )
    trusted_authserv: str | None = setting(
        None, "name under which your own relay writes Authentication-Results; unset: none is believed", read=domain
    )
    trusted_relays: str = setting(
        "loopback, private", "addresses of relays of your own: loopback, private, networks", read=relays
    )
    checkpoint_file: Path | None = setting(
        None, "file, best on another disk, that signed checkpoints of the audit log are added to", read=path
    )
    checkpoint_url: str | None = setting(
        None, "URL that they are posted to; what is not public has to be in webhook_allow"
    )
    log_level: str = setting("info", "least severe log line written", read=one_of("debug", "info", "warning", "error"))

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
        sending = {item.name for item in fields(ReceivingSettings)}
        for item in sorted(fields(Settings), key=lambda one: one.name in sending):
            value = getattr(self.settings, item.name)
            shown = "" if value is None else ", ".join(value) if type(value) is tuple else str(value)
            shown = SET if item.metadata["secret"] and shown else _without_user(shown)
            name, source = ENV_PREFIX + item.name.upper(), self.sources.get(item.name, "default")
            rows.append(Sourced(name, shown, source, item.metadata["unit"], item.metadata["help"]))
        return rows


def _without_user(text: str) -> str:
    """Return a text whose URLs do not tell who logs in there, and with what."""
    import re

    return re.sub(r"(\b\w+://)[^/?#\s]*@", rf"\1{SET}@", text)


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
            import tomllib

            return tomllib.load(source)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:  # no TOML, or no UTF-8
        raise SettingsError(f"file {path} cannot be read: {problem}") from None
