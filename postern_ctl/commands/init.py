"""`posternctl init`: from nothing to a configuration, a tenant, and the records that the world has to be told."""

from __future__ import annotations

import ipaddress
import json
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.settings import Settings, config_path
from postern_ctl import diagnostics, invocation, output
from postern_ctl.answers import Document
from postern_ctl.app import command, single
from postern_ctl.client import Postern
from postern_ctl.files import new_file
from postern_ctl.invocation import WrongUsage
from postern_ctl.session import loaded
from postern_ctl.throwaway import passing_daemon

READ: dict[str, Callable[[str], Any]] = {item.name: item.metadata["read"] for item in fields(Settings)}
TTL_SECONDS = 3600
PUBLIC = {"smtp_listen": "0.0.0.0:25", "dns_listen": "0.0.0.0:53"}  # where the world looks

app = single()


@dataclass(frozen=True, slots=True)
class _Question:
    """One setting that is asked for."""

    name: str
    text: str
    default: str


def _questions(given: dict[str, str]) -> list[_Question]:
    base = given.get("base_domain", "postern.test")
    address = given.get("public_ips", "127.0.0.1").split(",")[0]
    return [
        _Question("base_domain", "The domain under which mailboxes get their names", "postern.test"),
        _Question("public_ips", "This host's public addresses", address),
        _Question("public_url", "The URL under which others reach the API and its links", f"https://mx.{base}"),
        _Question("send_backend", "Who takes outgoing mail", "loopback"),
        _Question("receive_backend", "Where mail comes from", "embedded"),
    ]


@command(app, "init", "init --base-domain agents.example.com --public-ips 203.0.113.7")
def init(
    base_domain: Annotated[str | None, typer.Option(metavar="DOMAIN", help="Parent of all mailbox names.")] = None,
    public_ips: Annotated[str | None, typer.Option(metavar="IPS", help="This host's public addresses.")] = None,
    public_url: Annotated[str | None, typer.Option(metavar="URL", help="Where others reach the API.")] = None,
    send_backend: Annotated[str | None, typer.Option(metavar="NAME", help="Who takes outgoing mail.")] = None,
    receive_backend: Annotated[str | None, typer.Option(metavar="NAME", help="Where mail comes from.")] = None,
    tenant: Annotated[str | None, typer.Option(metavar="NAME", help="The first tenant's name.")] = None,
) -> None:
    """Set Postern up: ask for what is not given, write postern.toml, create a tenant, and print the DNS records."""
    path = config_path(os.environ)
    if path.exists():
        raise WrongUsage(f"{path} is there already: change it with an editor, or move it away to begin anew.")
    options = {
        "base_domain": base_domain,
        "public_ips": public_ips,
        "public_url": public_url,
        "send_backend": send_backend,
        "receive_backend": receive_backend,
    }
    given = {name: _read(name, text) for name, text in options.items() if text is not None}
    for number in range(len(options)):
        question = _questions(given)[number]
        if question.name not in given:
            given[question.name] = _answered(question)
    name = tenant or _asked("The first tenant's name", "main")
    home = loaded().settings.home
    _write(path, given, home)
    with diagnostics.progress("Creating the database, its master key and the first tenant"):
        made = _first_tenant(path, home, name)
    _tell(path, home, given, made)


def _answered(question: _Question) -> str:
    """Ask until the answer can be used."""
    while True:
        text = _asked(question.text, question.default)
        try:
            return _read(question.name, text)
        except WrongUsage as problem:
            if not diagnostics.can_ask() or invocation.current().yes:
                raise
            diagnostics.note(str(problem))


def _asked(text: str, default: str) -> str:
    if invocation.current().yes or not diagnostics.can_ask():
        return default
    return diagnostics.ask(f"{text} [{default}]:").strip() or default


def _read(name: str, text: str) -> str:
    """Return a value as the file is to have it. Raises `WrongUsage`."""
    try:
        value = READ[name](text)
    except ValueError as problem:
        raise WrongUsage(f"{name} {text!r} cannot be used: {problem}.") from None
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _write(path: Path, given: dict[str, str], home: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = ["# Postern's settings. `posternctl config show` tells all there are, and where each comes from.", ""]
    values = {**given, **({"data_dir": str(home)} if invocation.current().data_dir else {})}
    if _public(given):
        values |= PUBLIC
    lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    with new_file(str(path)) as file:
        file.write(("\n".join(lines) + "\n").encode())


def _first_tenant(path: Path, home: Path, name: str) -> Document:
    with passing_daemon(home, path) as ready:
        operator = Postern(socket_path=ready.socket)
        for known in operator.tenants.list(limit=200):
            if known["name"] == name:
                return known
        return operator.tenants.create(name).data


def _public(given: dict[str, str]) -> bool:
    return all(ipaddress.ip_address(text).is_global for text in given["public_ips"].split(","))


def _records(given: dict[str, str]) -> list[Document]:
    """Return what has to be added above the base domain: its delegation, with glue for the names that lie in it."""
    base, names = given["base_domain"], Settings(base_domain=given["base_domain"]).nameserver_names
    addresses = [ipaddress.ip_address(text) for text in given["public_ips"].split(",")]
    glue = [(name, "A" if one.version == 4 else "AAAA", str(one)) for name in names for one in addresses]
    records = [*((base, "NS", f"{name}.") for name in names), *glue]
    return [{"name": name, "ttl": TTL_SECONDS, "type": kind, "value": value} for name, kind, value in records]


def _reverse(given: dict[str, str]) -> list[Document]:
    """Return what has to be set by whoever gave out the addresses."""
    host = Settings(base_domain=given["base_domain"]).mail_host_name
    names = [ipaddress.ip_address(text).reverse_pointer for text in given["public_ips"].split(",")]
    return [{"name": name, "ttl": TTL_SECONDS, "type": "PTR", "value": f"{host}."} for name in names]


def _tell(path: Path, home: Path, given: dict[str, str], tenant: Document) -> None:
    delegation, reverse = _records(given), _reverse(given)
    mint = f"posternctl key mint --tenant {shlex.quote(tenant['name'])} --label first --scope create,read,send"
    following = ["posternctl daemon run", f"{mint} --max-mailboxes 10"]
    data = {"config": str(path), "data_dir": str(home), "tenant": tenant, "records": delegation, "reverse": reverse}
    if output.only_json({"data": {**data, "next": following}}):
        return
    if output.is_quiet():
        output.lines([tenant["id"]])
        return
    output.block({"settings": str(path), "data": str(home), "tenant": f"{tenant['name']}, {tenant['id']}"})
    output.emit()
    output.emit(output.style(f"Add in the zone above {given['base_domain']}:", "bold"))
    output.lines(map(_line, delegation))
    output.emit()
    output.emit(output.style("Have whoever gave you the addresses set:", "bold"))
    output.lines(map(_line, reverse))
    output.emit()
    output.emit("Everything else is served by Postern itself. A second name server may be a")
    output.emit("secondary (posternctl zone secondary add), or the same host under another name.")
    output.emit()
    if _public(given):
        output.emit("Ports 25 and 53 need root or CAP_NET_BIND_SERVICE. The API listens on loopback,")
        output.emit("for a TLS proxy to pass on to.")
        output.emit()
    output.emit(output.style("Next:", "bold"))
    output.lines(f"  {words}" for words in following)


def _line(record: Document) -> str:
    return "{name}. {ttl} IN {type} {value}".format_map(record)
