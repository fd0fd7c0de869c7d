"""`posternctl domain` and `posternctl zone`, as people see them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import data
from tests.nameserver import name_server
from tests.support import RunningDaemon

NAME = "agents.customer.test"
WIDTH_CELLS = 80


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """One with a resolver that knows of nobody."""
    with name_server() as resolver:
        settings = {"RESOLVER": str(resolver.at)}
        started = RunningDaemon(tmp_path_factory.mktemp("cli") / "data", settings).start()
        started.ctl("tenant", "create", "acme")
        started.ctl("domain", "add", NAME, "--tenant", "acme")
        yield started
        started.stop()


def lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    return done.stdout.splitlines()


def test_adding_a_domain_says_on_one_screen_what_to_do(daemon: RunningDaemon) -> None:
    done = daemon.ctl("domain", "add", "first.customer.test", "--tenant", "acme", "--mode", "delegated")
    told = lines(done)
    assert len(told) <= 24
    assert all(len(line) <= WIDTH_CELLS for line in told)
    at = told.index("Add in the zone above first.customer.test:")
    assert told[at + 1 : at + 3] == [
        "first.customer.test. 3600 IN NS ns1.postern.test.",
        "first.customer.test. 3600 IN NS ns2.postern.test.",
    ]
    assert "`posternctl domain verify first.customer.test` looks at once." in " ".join(told)
    assert "socket:domain:create" in done.stderr


def test_the_records_to_add_by_hand_can_be_copied(daemon: RunningDaemon) -> None:
    daemon.ctl("domain", "add", "hand.customer.test", "--tenant", "acme", "--mode", "manual")
    printed = lines(daemon.ctl("domain", "records", "hand.customer.test"))
    told = [line.partition("  ;")[0] for line in printed]  # what was found of each stands behind it
    assert told[0] == "Add in your DNS:"
    assert "hand.customer.test. 300 IN MX 10 mx.postern.test." in told
    assert 'hand.customer.test. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"' in told
    [rsa] = [line for line in told if "k=rsa" in line]
    assert rsa.count('" "') == 1, "a key of 2048 bits takes two strings"
    looked = daemon.ctl("domain", "verify", "hand.customer.test", check=False)
    assert looked.returncode == 1
    assert "hand.customer.test. 300 IN MX 10 mx.postern.test.  ; missing" in lines(looked)


def test_the_records_that_are_served_are_printed(daemon: RunningDaemon) -> None:
    told = daemon.ctl("domain", "records", NAME).stdout
    assert "Served here:" in told
    assert "$ORIGIN agents.customer.test." in told
    document = data(daemon.ctl("domain", "records", NAME, "--json"))
    assert document.keys() == {"name", "to_add", "served"}
    assert [one["type"] for one in document["to_add"]] == ["NS", "NS"]


def test_a_domain_with_mail_is_removed_by_its_name_only(daemon: RunningDaemon) -> None:
    daemon.ctl("domain", "add", "bought.test", "--tenant", "acme", "--mode", "purchased")
    for _ in range(2):
        daemon.ctl("domain", "advance", "bought.test")
    tenant = data(daemon.ctl("tenant", "show", "acme", "--json"))["id"]
    daemon.inbox(daemon.agent(tenant)["agent_key"], domain="bought.test")
    refused = daemon.ctl("domain", "remove", "bought.test", check=False)
    assert (refused.returncode, "--confirm" in refused.stderr) == (2, True)
    assert daemon.ctl("domain", "remove", "bought.test", "--confirm", "bought.test").returncode == 0
    gone = daemon.ctl("domain", "show", "bought.test", check=False)
    assert gone.returncode == 4


def test_refusals_say_what_to_do(daemon: RunningDaemon) -> None:
    twice = daemon.ctl("domain", "add", NAME, "--tenant", "acme", check=False)
    assert (twice.returncode, twice.stderr.count("\n")) == (1, 1)
    assert "`posternctl domain list`" in twice.stderr
    managed = daemon.ctl("zone", "record", "set", NAME, "@", "MX", "10 mail.elsewhere.test.", check=False)
    assert (managed.returncode, "Leave these records out" in managed.stderr) == (1, True)
    nowhere = daemon.ctl("zone", "import", NAME, "/nowhere.zone", check=False)
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)


def test_a_difference_is_shown_before_and_when_it_is_made(daemon: RunningDaemon) -> None:
    tried = daemon.ctl("zone", "record", "set", NAME, "@", "TXT", 'site "x"', "--dry-run")
    assert lines(tried) == [f'+ {NAME}. 300 IN TXT "site \\"x\\""']
    assert "Nothing was changed" in tried.stderr
    made = daemon.ctl("zone", "record", "set", NAME, "@", "TXT", 'site "x"')
    assert lines(made)[0] == lines(tried)[0]
    again = daemon.ctl("zone", "record", "set", NAME, "@", "TXT", 'site "x"')
    assert lines(again)[0] == "Nothing changes."
    gone = daemon.ctl("zone", "record", "delete", NAME, "@", "TXT")
    assert lines(gone)[0] == f'- {NAME}. 300 IN TXT "site \\"x\\""'
    long = daemon.ctl("zone", "record", "set", NAME, "long", "TXT", "x" * 300, "--dry-run", "--json")
    assert data(long)["added"] == [f'long.{NAME}. 300 IN TXT "{"x" * 255}" "{"x" * 45}"']


def test_an_export_goes_to_a_file_and_back(daemon: RunningDaemon, tmp_path: Path) -> None:
    file = tmp_path / "zone.txt"
    daemon.ctl("zone", "export", NAME, "--output", str(file))
    assert file.read_text() == daemon.ctl("zone", "export", NAME).stdout
    with file.open("a") as more:
        more.write("www IN A 192.0.2.80\n")
    assert lines(daemon.ctl("zone", "import", NAME, str(file), "--dry-run")) == [f"+ www.{NAME}. 3600 IN A 192.0.2.80"]
    assert daemon.ctl("zone", "import", NAME, "-", "--add", input="api A 192.0.2.81\n").returncode == 0
    shown = daemon.ctl("zone", "show", NAME).stdout
    assert "Added by you" in shown
    assert f"api.{NAME}." in shown


@pytest.mark.parametrize("server", ["knot", "nsd", "bind", "powerdns"])
def test_a_secondarys_configuration_is_printed(daemon: RunningDaemon, server: str) -> None:
    words = ("zone", "secondary", "add", NAME, "ns2", "192.0.2.53", "--format", server, "--primary", "192.0.2.1:53")
    hidden, revealed = daemon.ctl(*words), daemon.ctl(*words, "--reveal")
    assert "THE-KEY-BEHIND-THE-LINK" in hidden.stdout
    assert "link" in hidden.stderr
    [secret] = [line.split()[1] for line in lines(revealed) if line.startswith("secret ")]
    assert revealed.stdout.count(secret) == 2
    for word in (NAME, "192.0.2.1", "hmac-sha256"):
        assert word in revealed.stdout
    assert len(data(daemon.ctl("zone", "secondary", "list", NAME, "--json"))) == 1
