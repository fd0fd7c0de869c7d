"""Every command against a real daemon: its document, its receipt, its secrets."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from daemon.api.tenants import TenantLimits
from postern_ctl.commands.tenant import LIMITS
from tests.cli.conftest import World
from tests.cli.support import SECRET, data, deliver, document, inside
from tests.standins.smtp import Relay
from tests.support import RunningDaemon

AUDIT_FIELDS = {"seq", "time", "actor", "action", "target", "outcome", "hash"}
LINK_FIELDS = {"id", "url", "purpose", "expires_at"}
MINT = ["key", "mint", "--tenant", "acme", "--label", "x", "--scope", "read", "--max-mailboxes", "1"]


def is_receipt(done: subprocess.CompletedProcess[str], effect: str) -> None:
    """Check the document of a mutation."""
    told = document(done)
    assert told.keys() == {"data", "audit", "link"}
    assert told["audit"].keys() == AUDIT_FIELDS
    assert told["audit"]["action"].endswith(f":{effect}")
    assert told["link"].keys() == LINK_FIELDS
    assert done.stderr == ""


def audit_seq(daemon: RunningDaemon) -> int:
    found = daemon.operator("GET", "/v1/stats").json["audit_seq"]
    assert isinstance(found, int)
    return found


@pytest.fixture(scope="module")
def message(daemon: RunningDaemon, world: World) -> str:
    deliver(daemon, world.address, "Your code \x1b[31m", "Your verification code is 271828.\n\x1b]0;owned\x07")
    found = data(daemon.ctl("message", "list", world.address, "--json"))[0]["id"]
    assert isinstance(found, str)
    return found


@pytest.fixture(scope="module")
def thread(daemon: RunningDaemon, world: World, message: str) -> str:
    return str(data(daemon.ctl("thread", "list", world.address, "--json"))[0]["id"])


# --------------------------------------------------------------------------------------------------------------- reads

READS = [
    "tenant list",
    "tenant show {tenant}",
    "tenant show acme",
    "key list",
    "key list --tenant acme",
    "key show {key}",
    "agent list --tenant {tenant}",
    "agent show {agent}",
    "agent keys {agent}",
    "operator list",
    "inbox list",
    "inbox list --tenant acme --agent {agent}",
    "inbox show {address}",
    "inbox show {inbox}",
    "message list {address}",
    "message list {address} --unread --direction inbound --limit 1",
    "message show {message}",
    "message raw {message}",
    "message attachments {message}",
    "message search code from:example*",
    "message search verification --inbox {address} --tenant acme --limit 3",
    "thread list {address}",
    "thread list {address} --limit 1",
    "thread show {thread}",
    "suppression list",
    "suppression list --tenant acme",
    "suppression show someone@example.org --tenant acme",
    "domain list",
    "domain list --tenant acme",
    "domain show bought.example",
    "domain records bought.example",
    "zone list",
    "zone show postern.test",
    "zone export postern.test",
    "zone record list postern.test",
    "zone secondary list postern.test",
    "link list --tenant acme",
    "audit tail -n 2",
    "audit tail --tenant acme --action socket:key:mint",
    "audit show 1",
    "audit verify",
    "audit export",
    "audit hash someone@example.org",
    "audit checkpoints",
    "whoami",
    "daemon status",
    "config show",
    "config check",
]


@pytest.mark.parametrize("line", READS)
def test_a_read_is_one_document_and_leaves_no_trace(
    line: str, daemon: RunningDaemon, world: World, message: str, thread: str
) -> None:
    before = audit_seq(daemon)
    done = inside(*line.format(**vars(world), message=message, thread=thread).split(), "--json", env=daemon.env)
    assert done.returncode == 0, done.stdout
    assert document(done).keys() == {"data"}
    assert done.stderr == ""
    assert audit_seq(daemon) == before


@pytest.mark.parametrize("line", READS)
def test_a_read_is_told_to_people_in_eighty_cells(
    line: str, daemon: RunningDaemon, world: World, message: str, thread: str
) -> None:
    done = inside(*line.format(**vars(world), message=message, thread=thread).split(), env=daemon.env)
    assert done.returncode == 0, done.stderr
    assert done.stdout or "There is no" in done.stderr or "You added none" in done.stderr
    assert "\x1b" not in done.stdout or "raw" in line, "no colour and no stranger's escapes when piped"
    if " list" in line or "search" in line or "tail" in line or "checkpoints" in line:
        assert all(len(row) <= 80 for row in done.stdout.splitlines())


@pytest.mark.parametrize("line", ["tenant list", "key list", "agent list", "inbox list", "message list {address}"])
def test_quiet_prints_ids_only(line: str, daemon: RunningDaemon, world: World, message: str) -> None:
    done = inside("-q", *line.format(**vars(world)).split(), env=daemon.env)
    assert re.fullmatch(r"(([a-z]+_)?[a-z0-9]{24}\n)+", done.stdout)
    assert done.stderr == ""


# ----------------------------------------------------------------------------------------------------------- mutations


def test_each_mutation_gives_one_line_and_one_link(daemon: RunningDaemon, world: World) -> None:
    def change(effect: str, *words: str, input: str | None = None, key: str | None = None) -> str:
        before = audit_seq(daemon)
        done = daemon.ctl(*words, "--json", input=input, key=key)
        is_receipt(done, effect)
        assert audit_seq(daemon) == before + 1
        assert not re.search(SECRET, done.stdout), "no secret without --reveal"
        found = data(done)
        return str(found.get("id") or found.get("agent_id"))

    tenant = change("tenant:create", "tenant", "create", "Beta Ltd", "--label", "beta")
    change("tenant:update", "tenant", "suspend", tenant)
    change("tenant:update", "tenant", "resume", "Beta Ltd")
    change("tenant:update", "tenant", "limit", tenant, "send_cap_full=200", "retention-days=30")
    change("tenant:lift_brake", "tenant", "lift-brake", tenant)
    change("suppression:put", "suppression", "add", "a@far.test", "--tenant", tenant, "--reason", "bounce")
    change("suppression:remove", "suppression", "remove", "a@far.test", "--tenant", tenant)
    change("domain:create", "domain", "add", "beta.example", "--tenant", tenant, "--mode", "purchased")
    change("domain:advance", "domain", "advance", "beta.example")
    change("domain:rotate_dkim", "domain", "rotate-dkim", "beta.example")
    change("zone:set_records", "zone", "record", "set", "beta.example", "www", "A", "192.0.2.80")
    change("zone:delete_records", "zone", "record", "delete", "beta.example", "www", "A")
    change("zone:import", "zone", "import", "beta.example", "-", input="www A 192.0.2.81\n")
    change("secondary:put", "zone", "secondary", "add", "beta.example", "ns2", "192.0.2.53")
    change("secondary:delete", "zone", "secondary", "remove", "beta.example", "ns2")
    change("domain:advance", "domain", "advance", "beta.example")
    change("domain:verify", "domain", "verify", "beta.example")
    change("domain:delete", "domain", "remove", "beta.example")
    key = change("key:mint", *MINT[:2], "--tenant", tenant, *MINT[4:], "--expires", "1h")
    change("key:revoke", "key", "revoke", key)
    change("agent:enroll", "enroll", "--token-stdin", "--handle", "two", input=world.enrollment_token)
    agent = change("agent:enroll", "enroll", "--handle", "three", key=world.enrollment_token)
    change("agent:update", "agent", "disable", agent)
    change("agent:update", "agent", "enable", agent)
    change("agent:update", "agent", "rebind", agent, "--key", world.key)
    agent_key = change("agent_key:mint", "agent", "mint-key", agent, "--expires", "10m")
    change("agent_key:revoke", "agent", "revoke-key", agent_key)
    operator = change("operator:create", "operator", "create", "laptop", "--expires", "7d")
    change("operator:revoke", "operator", "revoke", operator)
    inbox = change("inbox:create", "inbox", "create", "--username", "desk", "--agent", world.agent)
    deliver(daemon, "desk@acme.postern.test", "Hello", "Hello.")
    message = data(daemon.ctl("message", "list", inbox, "--json"))[0]["id"]
    change("message:update", "message", "read", message)
    change("message:update", "message", "unread", message)
    change("message:delete", "message", "delete", message)
    change("inbox:delete", "inbox", "delete", inbox, "--confirm", "desk@acme.postern.test")
    link = change("link:create", "link", "create", "--audit", "1", "--expires", "1h")
    change("link:revoke", "link", "revoke", link)
    change("audit:checkpoint", "audit", "checkpoint")
    change("tenant:delete", "tenant", "delete", tenant, "--yes")


def test_a_limit_leaves_the_others_and_can_be_undone(daemon: RunningDaemon) -> None:
    tenant = data(daemon.ctl("tenant", "create", "Limited", "--json"))["id"]

    def limits(*words: str) -> dict[str, int]:
        shown = data(daemon.ctl("tenant", "limit", tenant, *words, "--json"))["limits"]
        return {name: value for name, value in shown.items() if value is not None}

    first = {"send_cap_first": 5, "send_cap_ramp_days": 7}
    assert limits("send_cap_first=5", "send-cap-ramp-days=7") == first
    assert limits("send_cap_full=0") == {**first, "send_cap_full": 0}
    assert limits("send_cap_first=default", "send_cap_full=default") == {"send_cap_ramp_days": 7}
    for word in ("patience=1", "send_cap_full", "send_cap_full=many"):
        wrong = daemon.ctl("tenant", "limit", tenant, word, check=False)
        assert (wrong.returncode, "send_cap_full" in wrong.stderr) == (2, True)
    assert set(LIMITS) == set(TenantLimits.model_fields)


def test_whoami_tells_what_may_be_sent(daemon: RunningDaemon, world: World) -> None:
    assert "sending" not in daemon.ctl("whoami", key=world.agent_key).stdout, "this key may not send"
    agent = daemon.agent(world.tenant)
    address = daemon.inbox(agent["agent_key"])["address"]
    told = daemon.ctl("whoami", key=agent["agent_key"]).stdout
    assert re.search(r"^sending +karma: 0\.0, karma factor: 1\.0, brake: open, resets at: \d{4}", told, re.MULTILINE)
    assert re.search(rf"^{re.escape(address)} +10 +0 +10$", told, re.MULTILINE)
    assert daemon.ctl("whoami", "-q", key=agent["agent_key"]).stdout == f"{agent['agent_id']}\n"


def test_people_read_the_line_and_the_link_on_stderr(daemon: RunningDaemon) -> None:
    done = daemon.ctl("tenant", "create", "Gamma")
    identifier = re.search(r"^id +(cus_\w+)$", done.stdout, re.MULTILINE)
    assert identifier
    audit, link, hint = done.stderr.splitlines()
    assert re.fullmatch(
        rf"audit  #\d+ \d{{4}}-\S+Z operator:local socket:tenant:create {identifier[1]} ok [0-9a-f]{{12}}", audit
    )
    assert re.fullmatch(r"link   http://\S+/l/\S+", link)
    assert re.fullmatch(r" +receipt; opens once, until \d{4}-\d\d-\d\d \d\d:\d\d UTC", hint)


def test_quiet_keeps_the_line_and_the_link(daemon: RunningDaemon) -> None:
    done = daemon.ctl("tenant", "create", "Delta", "--quiet")
    assert re.fullmatch(r"cus_\w+\n", done.stdout)
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["audit", "link"]


# ------------------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (MINT, "enrollment_token"),
        (["operator", "create", "desk"], "operator_key"),
        (["agent", "mint-key", "{agent}"], "agent_key"),
        (["enroll", "--token-stdin", "--handle", "one"], "agent_key"),
    ],
)
def test_a_secret_is_shown_when_it_is_to_be_revealed(
    words: list[str], field: str, daemon: RunningDaemon, world: World
) -> None:
    words = [word.format(**vars(world)) for word in words]
    token = world.enrollment_token
    hidden = daemon.ctl(*words, "--json", input=token)
    assert field not in data(hidden)
    for flag in ("--json", "--quiet", "--no-color"):
        assert not re.search(SECRET, daemon.ctl(*words, flag, input=token).stdout)
    revealed = daemon.ctl(*words, "--reveal", "--json", input=token)
    assert re.fullmatch(SECRET, data(revealed)[field])
    assert re.fullmatch(SECRET + "\n", daemon.ctl(*words, "--reveal", "-q", input=token).stdout)


def test_the_link_is_the_way_to_a_hidden_secret(daemon: RunningDaemon, world: World) -> None:
    done = daemon.ctl(*MINT)
    assert "shows the key; opens once" in done.stderr
    url = re.search(r"^link +(\S+)$", done.stderr, re.MULTILINE)
    assert url
    opened = daemon.ctl("link", "open", "-", input=url[1])
    assert re.fullmatch(SECRET + "\n", opened.stdout)
    again = daemon.ctl("link", "open", url[1].rpartition("/")[2], "--json", check=False)
    assert (again.returncode, document(again)["error"]["code"]) == (1, "gone")


def test_a_receipt_can_be_opened(daemon: RunningDaemon) -> None:
    url = document(daemon.ctl("tenant", "create", "Epsilon", "--json"))["link"]["url"]
    opened = data(daemon.ctl("link", "open", url, "--json"))
    assert opened["purpose"] == "receipt"
    url = document(daemon.ctl("tenant", "create", "Zeta", "--json"))["link"]["url"]
    assert "tenant:create" in daemon.ctl("link", "open", url).stdout


def test_a_forged_link_is_not_found(daemon: RunningDaemon) -> None:
    assert daemon.ctl("link", "open", f"{daemon.http}/l/forged", check=False).returncode == 4


# --------------------------------------------------------------------------------------------------------------- pieces


def test_scopes_may_be_short_repeated_and_joined(daemon: RunningDaemon, world: World) -> None:
    mint = ["key", "mint", "--tenant", world.tenant, "--label", "x", "--max-mailboxes", "1", "--json"]
    done = daemon.ctl(*mint, "--scope", "create,mailbox:otp", "--scope", "read")
    assert sorted(data(done)["scopes"]) == ["mailbox:create", "mailbox:otp", "mailbox:read"]


def test_an_idempotent_create_gives_the_same_mailbox(daemon: RunningDaemon, world: World) -> None:
    create = ["inbox", "create", "--client-id", "once", "--json"]
    first, second = (document(daemon.ctl(*create, key=world.agent_key)) for _ in range(2))
    assert first["data"] == second["data"]
    assert second.keys() == {"data", "audit", "link"}


def test_raw_is_the_bytes_that_came(daemon: RunningDaemon, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    daemon.ctl("message", "raw", message, "--output", str(file))
    assert b"271828" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    refused = daemon.ctl("message", "raw", message, "--output", str(file), check=False)
    assert (refused.returncode, "there already" in refused.stderr) == (2, True)


def test_a_shown_message_is_harmless(daemon: RunningDaemon, message: str) -> None:
    shown = daemon.ctl("message", "show", message).stdout
    assert re.search(r"^code +271828$", shown, re.MULTILINE)
    assert "Your verification code is 271828." in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_showing_marks_read_only_when_asked(daemon: RunningDaemon, world: World) -> None:
    deliver(daemon, world.address, "Mark me", "Hello.")
    first = data(daemon.ctl("message", "list", world.address, "--unread", "--json"))[0]
    daemon.ctl("message", "show", first["id"])
    assert data(daemon.ctl("message", "show", first["id"], "--json"))["unread"]
    daemon.ctl("message", "show", first["id"], "--mark-read")
    assert not data(daemon.ctl("message", "show", first["id"], "--json"))["unread"]


def test_tail_is_the_newest_lines_in_order(daemon: RunningDaemon, world: World) -> None:
    seqs = [line["seq"] for line in data(daemon.ctl("audit", "tail", "-n", "3", "--json"))]
    assert seqs == list(range(seqs[0], seqs[0] + 3))
    assert seqs[-1] == audit_seq(daemon)


def test_an_export_is_the_whole_chain(daemon: RunningDaemon, world: World, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    daemon.ctl("audit", "export", "--output", str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, audit_seq(daemon) + 1))
    assert all(later["prev"] == earlier["hash"] for earlier, later in pairwise(lines))
    assert daemon.ctl("audit", "export").stdout == file.read_text()


def test_a_value_is_found_by_its_hash(daemon: RunningDaemon, world: World) -> None:
    named = daemon.ctl("audit", "hash", "-q", "-", input=world.address).stdout.strip()
    found = data(daemon.ctl("audit", "tail", "--value", named, "--json"))
    assert [line["entry"]["target"] for line in found if line["entry"]["action"].endswith("inbox:create")] == [
        world.inbox
    ]


def test_a_kept_checkpoint_is_compared(daemon: RunningDaemon, world: World, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text(daemon.ctl("audit", "checkpoint", "--json").stdout)
    assert data(daemon.ctl("audit", "verify", "--checkpoint", str(kept), "--json"))["ok"]
    altered = json.loads(kept.read_text())
    altered["data"]["head"] = "0" * 64
    kept.write_text(json.dumps(altered))
    refused = daemon.ctl("audit", "verify", "--checkpoint", str(kept), "--json", check=False)
    assert refused.returncode == 1
    assert document(refused)["error"]["code"] == "audit_broken"


def test_verify_goes_over_http_with_a_url(daemon: RunningDaemon) -> None:
    key = data(daemon.ctl("operator", "create", "remote", "--reveal", "--json"))["operator_key"]
    done = daemon.ctl("audit", "verify", "--url", daemon.http, "--json", key=key)
    assert data(done)["ok"]


def test_a_key_may_come_on_stdin(daemon: RunningDaemon, world: World) -> None:
    done = daemon.ctl("whoami", "--url", daemon.http, "--api-key-stdin", "--json", input=world.agent_key + "\n")
    assert data(done)["agent_id"] == world.agent


def test_config_says_where_a_value_is_from(daemon: RunningDaemon) -> None:
    rows = {row["name"]: row for row in data(daemon.ctl("config", "show", "--json", key="pk_agent_a_b"))}
    assert rows["POSTERN_DATA_DIR"]["source"] == "environment POSTERN_DATA_DIR"
    assert rows["POSTERN_API_KEY"]["value"] == "(set)"
    assert rows["POSTERN_MAX_WAIT_MS"] | {"help": ""} == {
        "name": "POSTERN_MAX_WAIT_MS",
        "value": "300000",
        "source": "default",
        "unit": "ms",
        "help": "",
    }


def test_a_deletion_can_be_tried(daemon: RunningDaemon, world: World, message: str) -> None:
    before = audit_seq(daemon)
    made = data(daemon.ctl("backup", "create", "--json"))["id"]
    for words, told in (
        (("tenant", "delete", "acme"), {"would_delete": "tenant", "id": world.tenant, "name": "acme"}),
        (("inbox", "delete", world.address), {"would_delete": "mailbox", "id": world.inbox}),
        (("message", "delete", message), {"would_delete": "message", "id": message}),
        (("backup", "delete", made), {"would_delete": "backup", "id": made}),
    ):
        found = data(daemon.ctl(*words, "--dry-run", "--json"))
        assert told.items() <= found.items()
    assert audit_seq(daemon) == before + 1, "only the backup was made"


def test_config_check_tries_the_send_backend_and_says_what_to_fix(daemon: RunningDaemon, tmp_path: Path) -> None:
    with Relay(login=("postern", "right")) as relay:

        def check(**settings: str) -> subprocess.CompletedProcess[str]:
            given = {"SEND_BACKEND": "smtp", "SMTP_RELAY": relay.at, "SMTP_RELAY_SECURITY": "none"} | settings
            other = RunningDaemon(tmp_path / "data", given)
            return other.ctl("config", "check", check=False)

        assert check(SMTP_RELAY_USER="postern", SMTP_RELAY_PASSWORD="right").returncode == 0
        wrong = check(SMTP_RELAY_USER="postern", SMTP_RELAY_PASSWORD="wrong")
        assert (wrong.returncode, "535 5.7.8" in wrong.stderr) == (1, True)
        assert "POSTERN_SMTP_RELAY_USER" in wrong.stderr
        assert "wrong" not in wrong.stderr.replace("wrong user or password", "")
        assert "POSTERN_SMTP_RELAY_PASSWORD_FILE" in check(SMTP_RELAY_PASSWORD_FILE="/nowhere").stderr
    gone = check(SMTP_RELAY="127.0.0.1:1")
    assert gone.stderr.count("\n") == 1
    assert "POSTERN_SMTP_RELAY" in gone.stderr
