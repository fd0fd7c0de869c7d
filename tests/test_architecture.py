"""The house rules that a machine can hold: who imports whom, what is in one place only, what loads light, the locks."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("daemon", "postern_ctl", "zones")
MODULE_LINES_MAX = 400  # past that it is two modules
HEAVY = ("aiohttp", "mcp", "pydantic", "rich", "sqlite_utils", "textual")

SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s"
    r"|(CREATE|DROP|ALTER)\s+(TABLE|INDEX|VIEW|TRIGGER)\s|PRAGMA\s+\w+)",
    re.DOTALL,
)
EXECUTES = {"execute", "executemany", "executescript"}
SQLITE3_NAMES = {"Connection", "DatabaseError", "Error"}  # what may be named outside the store


@cache
def syntax_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each imported module with its line; also from inside functions and TYPE_CHECKING blocks."""
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def pyproject() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


# -------------------------------------------------------------------------------------------------- who may import whom

# For each contract of pyproject.toml one import that it forbids: (file, line to add).
TRESPASSES = {
    "packages": ("zones/__init__.py", "import daemon.clock"),
    "floors": ("daemon/store/__init__.py", "import daemon.service"),
    "contract-only": ("postern_ctl/__init__.py", "import daemon.events"),
    "store": ("daemon/web/__init__.py", "import daemon.store"),
    "keys": ("daemon/web/__init__.py", "import daemon.keys"),
    "audit": ("daemon/web/__init__.py", "import daemon.audit"),
    "mail": ("daemon/web/__init__.py", "import daemon.mail"),
    "protocols": ("daemon/web/__init__.py", "import daemon.backends.protocols"),
    "backends": ("daemon/service/__init__.py", "import daemon.backends.send.loopback"),
    "service": ("postern_ctl/__init__.py", "import daemon.service"),
    "edges": ("postern_ctl/__init__.py", "import daemon.web"),
    "dns": ("daemon/service/__init__.py", "import daemon.dns.link"),
    "dns-alone": ("daemon/dns/__init__.py", "import daemon.settings"),
    "app": ("postern_ctl/__init__.py", "import daemon.app"),
}


def broken_contracts(tree: Path) -> tuple[set[str], str]:
    """Run import-linter on `tree`: the names of the contracts that do not hold, and what it printed."""
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache", "--config", tree / "pyproject.toml"],
        cwd=tree,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert re.search(r"Contracts: \d+ kept, \d+ broken", printed), printed
    return set(re.findall(r"^(.+?) BROKEN\b", printed, re.MULTILINE)), printed


def test_the_import_contracts_hold() -> None:
    broken, printed = broken_contracts(ROOT)
    assert not broken, printed


def test_each_import_contract_catches_a_trespasser(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for room in ("backends", "backends/send"):  # built later; their contracts are here already
        (tmp_path / "daemon" / room).mkdir(exist_ok=True)
        for module in ("__init__", "protocols", "loopback"):
            (tmp_path / "daemon" / room / f"{module}.py").touch()
    for file, line in TRESPASSES.values():
        with (tmp_path / file).open("a", encoding="utf-8") as trespasser:
            trespasser.write(f"\n{line}\n")

    with (ROOT / "pyproject.toml").open("rb") as config:
        contracts = tomllib.load(config)["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == set(TRESPASSES)
    broken, printed = broken_contracts(tmp_path)
    assert broken == {contract["name"] for contract in contracts}, printed


# -------------------------------------------------------------------------------------------- what is in one place only


def sql_in(path: Path) -> Iterator[str]:
    """Yield what smells of SQL. Others may name a connection, to pass it on unused, and the errors of a broken file."""
    for node in ast.walk(syntax_of(path)):
        match node:
            case ast.Attribute(value=ast.Name(id="sqlite3"), attr=attribute) if attribute not in SQLITE3_NAMES:
                yield f"{place(path, node.lineno)} uses sqlite3.{attribute}"
            case ast.Call(func=ast.Attribute(attr=method)) if method in EXECUTES:
                yield f"{place(path, node.lineno)} calls .{method}()"
            case ast.Constant(value=str(text)) if SQL.match(text):
                yield f"{place(path, node.lineno)} holds the statement {text!r}"
            case ast.ImportFrom(module="sqlite3", names=names) if not {alias.name for alias in names} <= SQLITE3_NAMES:
                yield f"{place(path, node.lineno)} imports too much from sqlite3"
    yield from (f"{place(path, line)} imports {name}" for name, line in imports_of(path) if name == "sqlite_utils")


def test_sql_is_in_the_store_only() -> None:
    store = set(modules("daemon/store"))
    assert [found for path in modules(*PACKAGES) if path not in store for found in sql_in(path)] == []
    assert [found for path in store for found in sql_in(path)], "the check has gone blind"


def test_only_keys_seals_and_unseals() -> None:
    sealing = ("cryptography.fernet", "cryptography.hazmat.primitives.ciphers", "nacl")
    keys = {ROOT / "daemon" / "keys.py", ROOT / "daemon" / "archive.py"}
    assert [
        f"{place(path, line)} imports {name}"
        for path in modules(*PACKAGES)
        for name, line in imports_of(path)
        if name.startswith(sealing) and path not in keys
    ] == []


def test_stdout_and_stderr_have_one_owner_each() -> None:
    """Ruff's T20 holds print(); this holds the rest of the ways to write."""
    owners = {"stdout": ROOT / "postern_ctl" / "output.py", "stderr": ROOT / "postern_ctl" / "diagnostics.py"}
    found = []
    for path in modules("postern_ctl"):
        for node in ast.walk(syntax_of(path)):
            match node:
                case ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr" as stream),
                    attr="write" | "writelines" | "buffer",
                ) if path != owners[stream]:
                    found.append(f"{place(path, node.lineno)} writes to {stream}")
    assert found == []


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_fits_in_the_head(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES_MAX, f"{lines} lines: make two modules of it"


# ------------------------------------------------------------------------------------ what an old Python gets wrong

POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[\d,]+\})\+")


def test_no_group_is_repeated_possessively() -> None:
    """`re` goes on at the wrong place after one before Python 3.11.5; `(?>(?:…)*)` is right in all."""
    assert POSSESSIVE_GROUP.search(r"(?:ab)*+c")
    assert not POSSESSIVE_GROUP.search(r"\)*+ [^)]*+ (?>(?:ab)*)+")
    found = [
        place(path, node.lineno)
        for path in modules(*PACKAGES)
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and POSSESSIVE_GROUP.search(node.value)
    ]
    assert not found


# -------------------------------------------------------------------------------------------------- what starting loads


def loaded(command: list[str | Path], **environment: str) -> tuple[set[str], subprocess.CompletedProcess[str]]:
    """Run a Python program and return the top-level names of all that it imported."""
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    names = re.findall(r"^import time:.*\|\s*([\w.]+)\s*$", done.stderr, re.MULTILINE)
    done.stderr = re.sub(r"^import time:.*\n", "", done.stderr, flags=re.MULTILINE)
    assert names, done.stderr
    return {name.partition(".")[0] for name in names}, done


@pytest.mark.parametrize("arguments", [["--help"], ["inbox", "--help"]], ids=" ".join)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    names, done = loaded([Path(sys.executable).with_name("posternctl"), *arguments])
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
    assert names.isdisjoint(HEAVY), sorted(names & set(HEAVY))


def test_a_simple_command_loads_nothing_heavy(tmp_path: Path) -> None:
    names, done = loaded(
        [Path(sys.executable).with_name("posternctl"), "tenant", "list"],
        POSTERN_DATA_DIR=str(tmp_path),
    )
    assert done.returncode != 0, "no daemon runs there, so this cannot have worked"
    assert "Traceback" not in done.stderr
    assert names.isdisjoint(HEAVY), sorted(names & set(HEAVY))


@pytest.mark.parametrize(
    "module",
    [
        "daemon.api.operations",
        "daemon.errors",
        "daemon.settings",
        "postern_ctl.cli",
        "postern_ctl.client",
        "postern_ctl.mcp_bridge",
        "postern_ctl.mcp_hosts",
        "postern_ctl.mock",
    ],
)
def test_what_the_cli_stands_on_loads_nothing_heavy(module: str) -> None:
    names, done = loaded([sys.executable, "-c", f"import {module}"])
    assert done.returncode == 0, done.stderr
    assert names.isdisjoint(HEAVY), sorted(names & set(HEAVY))


def test_the_daemon_starts_without_the_mcp_sdk() -> None:
    """It takes most of a second to import, so the first host that comes loads it."""
    names, done = loaded([sys.executable, "-c", "import daemon.app"])
    assert done.returncode == 0, done.stderr
    assert "mcp" not in names


# -------------------------------------------------------------------------------------------------- dependencies, locks


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[object]) -> set[str]:
    return {
        canonical(match.group())
        for requirement in requirements
        if isinstance(requirement, str) and (match := re.match(r"[\w.-]+", requirement))
    }


def project_dependencies() -> set[str]:
    dependencies = pyproject()["project"]["dependencies"]
    assert isinstance(dependencies, list)
    return declared(dependencies)


def optional_dependencies() -> set[str]:
    extras = pyproject()["project"]["optional-dependencies"]
    assert isinstance(extras, dict)
    return declared([requirement for extra in extras.values() for requirement in extra])


def test_dependencies_are_what_the_code_imports() -> None:
    imported = {name for path in modules(*PACKAGES) for name, _ in imports_of(path)}
    ours = set(sys.stdlib_module_names) | set(PACKAGES) | {"_typeshed"}  # the last is known to type checkers only
    third_party = {name for name in imported if name.partition(".")[0] not in ours}
    wanted = {canonical(found) for name in third_party for found in distributions_of(name)}
    assert wanted == project_dependencies() | optional_dependencies()


def distributions_of(module: str) -> set[str]:
    """Return what a module is from; of those that share a name space, the one that is named after the module."""
    found = set(importlib.metadata.packages_distributions().get(module.partition(".")[0], [module.partition(".")[0]]))
    if len(found) == 1:
        return found
    return {one for one in found if f"{module}.".startswith(canonical(one).replace("-", ".") + ".")}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_is_complete_hashed_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index|--find-links|--trusted-host)", text, re.MULTILINE)

    groups = pyproject()["dependency-groups"]
    wanted = project_dependencies()
    for group in ["build", *(["dev"] if lock == "requirements-dev.lock" else [])]:
        requirements = groups[group]
        assert isinstance(requirements, list)
        wanted |= declared(requirements)
    pins = re.findall(r"^([\w.-]+)==\S+(?: ; [^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert wanted <= {canonical(name) for name in pins}
    assert len(pins) == len(re.findall(r"^\w", text, re.MULTILINE)), "an entry without a hash"
