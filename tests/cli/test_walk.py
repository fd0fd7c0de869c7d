"""The whole command line, walked with --json: every command succeeds once and fails once, each with one document."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import inside
from tests.cli.test_help import commands
from tests.edges.support import until
from tests.support import RunningDaemon, mail

PASSPHRASE = "correct horse battery"
ELSEWHERE = {  # what runs for ever, needs a terminal, or has a house of its own: each has tests of its own
    ("demo",),
    ("init",),
    ("daemon", "run"),
    ("daemon", "stop"),
    ("console",),
    ("events",),
    ("domain", "verify"),
    ("keyring", "recover"),
}
NOBODY = "zzzzzzzzzzzzzzzzzzzzzzzz"
# Each line is a command that succeeds; `>name` keeps its id, `<text` is stdin, `!key` is sent as the caller's key.
WALK = """
tenant create walked >tenant
tenant list
tenant show walked
tenant limit walked send_cap_full=20
tenant allow walked @example.com
tenant allow walked @example.com --remove
tenant block walked bad@example.org
tenant lift-brake walked
tenant suspend walked
tenant resume walked
key mint --tenant walked --label w --scope create,read,send --max-mailboxes 5 --reusable --reveal >key
key list
key show {key}
enroll --token-stdin --handle one --reveal >agent <{token}
agent list
agent show {agent}
agent disable {agent}
agent enable {agent}
agent rebind {agent} --key {key}
agent mint-key {agent} --reveal >agent_key
agent keys {agent}
operator create laptop >operator
operator list
operator show {operator}
inbox create --username desk --agent {agent} >inbox
inbox list
inbox show {inbox}
inbox allow {inbox} @foreign.test
inbox allow {inbox} @foreign.test --remove
inbox block {inbox} bad@example.org
mail {address}
message list {inbox} >>message
message show {message}
message tail {inbox}
message search verification
message attachments {message}
message save {message} 0 --output {tmp}/file
message raw {message}
message read {message}
message unread {message}
message send {address} --to {address} --subject Hi --text Hello
message reply {message} --text Thanks
thread list {inbox} >>thread
thread show {thread}
inbox wait {inbox} --since 2020-01-01T00:00:00Z --timeout 0 --wait-id walked
wait resume walked --timeout 0
wait drop walked
wait list
webhook add https://hooks.invalid/x --agent {agent} >webhook
webhook list
webhook show {webhook}
webhook rotate {webhook}
webhook deliveries {webhook}
suppression add a@far.test --tenant walked
suppression list
suppression show a@far.test --tenant walked
suppression remove a@far.test --tenant walked
domain add walked.example --tenant walked --mode purchased
domain list
domain show walked.example
domain records walked.example
domain advance walked.example
domain rotate-dkim walked.example
zone list
zone show walked.example
zone export walked.example --output {tmp}/zone
zone record set walked.example www A 192.0.2.1
zone record list walked.example
zone record delete walked.example www A
zone secondary add walked.example ns2 192.0.2.53
zone secondary list walked.example
zone secondary remove walked.example ns2
zone import walked.example {tmp}/zone
link create --audit 1 >link
link list
link show {link}
link open {link_url}
link revoke {link}
audit tail -n 2
audit show 1
audit verify
audit export --output {tmp}/log
audit hash someone@example.org
audit checkpoint
audit checkpoints
backup create --output {tmp}/backup >backup
backup list
backup show {backup}
backup save {backup} --output {tmp}/copy
backup link {backup}
backup verify {tmp}/backup
backup delete {backup}
keyring show
keyring rotate
keyring recovery {tmp}/keys --passphrase-stdin <{passphrase}
whoami
mcp config --client claude
doctor
config show
config show --daemon
config check
daemon status
agent revoke-key {agent_key}
operator revoke {operator}
key revoke {key}
webhook remove {webhook}
message delete {message}
inbox delete {inbox} --confirm {address}
domain remove walked.example --yes
tenant delete walked --yes
"""
FAILURES = """
tenant create :2
tenant show nobody :4
tenant limit nobody send_cap_full=1 :4
tenant allow nobody @example.com :4
tenant block nobody @example.com :4
tenant lift-brake nobody :4
tenant suspend nobody :4
tenant resume nobody :4
tenant delete nobody --yes :4
tenant list --nonsense :2
key mint --tenant nobody --label x --scope read --max-mailboxes 1 :4
key list --tenant nobody :4
key show {nobody} :4
key revoke {nobody} :4
agent list --tenant nobody :4
agent show agent_{nobody} :4
agent disable agent_{nobody} :4
agent enable agent_{nobody} :4
agent rebind agent_{nobody} --key {nobody} :4
agent keys agent_{nobody} :4
agent mint-key agent_{nobody} :4
agent revoke-key {nobody} :4
operator create :2
operator list --nonsense :2
operator show {nobody} :4
operator revoke {nobody} :4
enroll --token-stdin :2
inbox create --agent agent_{nobody} :2
inbox list --tenant nobody :4
inbox show nobody@nowhere.test :4
inbox credentials nobody@nowhere.test :4
inbox delete nobody@nowhere.test --yes :4
inbox allow nobody@nowhere.test @example.com :4
inbox block nobody@nowhere.test @example.com :4
inbox wait nobody@nowhere.test --timeout 0 :4
wait resume nothing :4
wait drop nothing :4
wait list --tenant nobody :4
message list nobody@nowhere.test :4
message search :2
message tail nobody@nowhere.test :4
message show msg_{nobody} :4
message send nobody@nowhere.test --to a@example.com --subject x --text x :4
message reply msg_{nobody} --text x :4
message attachments msg_{nobody} :4
message save msg_{nobody} 0 --output {tmp}/none :4
message raw msg_{nobody} :4
message read msg_{nobody} :4
message unread msg_{nobody} :4
message delete msg_{nobody} :4
thread list nobody@nowhere.test :4
thread show thread_{nobody} :4
webhook add ftp://hooks.invalid/ :2
webhook list --tenant nobody :4
webhook show webhook_{nobody} :4
webhook test webhook_{nobody} :4
webhook rotate webhook_{nobody} :4
webhook deliveries webhook_{nobody} :4
webhook replay delivery_{nobody} :4
webhook remove webhook_{nobody} :4
events --limit 0 :2
domain add nowhere.example --tenant nobody :4
domain list --tenant nobody :4
domain show nowhere.example :4
domain records nowhere.example :4
domain verify nowhere.example :4
domain rotate-dkim nowhere.example :4
domain advance nowhere.example :4
domain remove nowhere.example --yes :4
zone list --nonsense :2
zone show nowhere.example :4
zone export nowhere.example :4
zone import nowhere.example {tmp}/none :2
zone record set nowhere.example www A 192.0.2.1 :4
zone record delete nowhere.example www A :4
zone record list nowhere.example :4
zone secondary add nowhere.example ns2 192.0.2.53 :4
zone secondary list nowhere.example :4
zone secondary remove nowhere.example ns2 :4
suppression list --tenant nobody :4
suppression show a@far.test --tenant nobody :4
suppression add a@far.test --tenant nobody :4
suppression remove a@far.test --tenant nobody :4
link create --audit 99999999 :2
link list --tenant nobody :4
link show link_{nobody} :4
link revoke link_{nobody} :4
link open {http}/l/nothing :4
audit tail -n 0 :2
audit show 99999999 :4
audit verify --checkpoint {tmp}/none :1
audit export --nonsense :2
audit hash pk_agent_x :2
audit checkpoint --nonsense :2
audit checkpoints --nonsense :2
backup create --passphrase-stdin :2
backup list --nonsense :2
backup show backup_{nobody} :4
backup save backup_{nobody} --output {tmp}/none :4
backup link backup_{nobody} :4
backup verify {tmp}/none :1
backup restore {tmp}/none :1
backup delete backup_{nobody} :4
keyring show --nonsense :2
keyring rotate --nonsense :2
keyring recovery {tmp}/none --passphrase-stdin :2
keyring recover {tmp}/none --passphrase-stdin :2
mcp config --client nobody :2
whoami --nonsense :2
doctor --nonsense :2
config show --nonsense :2
config check --nonsense :2
daemon status --nonsense :2
daemon stop --nonsense :2
demo --nonsense :2
init --nonsense :2
console --nonsense :2
"""


def of(line: str) -> tuple[str, ...]:
    """Return the command that a line is of."""
    words = line.split()
    return max((one for one in commands() if tuple(words[: len(one)]) == one), key=len)


def one_document(text: str) -> dict[str, Any]:
    """Read stdout as a script would, by a program that takes one document only."""
    done = subprocess.run(["python3", "-m", "json.tool"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, text
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_every_command_succeeds_with_one_document(daemon: RunningDaemon, tmp_path: Path) -> None:
    known = {"tmp": str(tmp_path), "passphrase": PASSPHRASE, "http": daemon.http}
    walked: set[tuple[str, ...]] = set()
    for line in WALK.strip().splitlines():
        words, _, stdin = line.partition(" <")
        words, _, kept = words.partition(" >")
        arguments = words.format_map(known).split()
        if arguments[0] == "mail":
            daemon.deliver(arguments[1], mail(arguments[1], attachments={"file.bin": b"file"}))
            continue
        done = inside(*arguments, "--json", input=stdin.format_map(known) + "\n" if stdin else None, env=daemon.env)
        assert done.returncode == 0, (line, done.stdout)
        assert done.stdout, line
        found = one_document(done.stdout)
        assert "data" in found, line
        data = found["data"]
        if kept.startswith(">"):
            known[kept[1:]] = data[0]["id"]
        elif kept:
            known[kept] = data.get("id") or data["agent_id"]
        if kept == "key":
            known["token"] = data["enrollment_token"]
        if kept == "inbox":
            known["address"] = data["address"]
        if kept == "link":
            known["link_url"] = data["url"]
        walked.add(of(words))
    missing = set(commands()) - walked - ELSEWHERE
    assert missing <= {("inbox", "credentials"), ("webhook", "test"), ("webhook", "replay"), ("backup", "restore")}
    until(lambda: daemon.operator("GET", "/v1/stats").status == 200)


@pytest.mark.parametrize("line", FAILURES.strip().splitlines())
def test_every_command_fails_with_one_document(line: str, daemon: RunningDaemon, tmp_path: Path) -> None:
    words, _, code = line.rpartition(" :")
    arguments = words.format(nobody=NOBODY, tmp=tmp_path, http=daemon.http).split()
    done = inside(*arguments, "--json", env=daemon.env)
    found = one_document(done.stdout)
    assert (done.returncode, set(found)) == (int(code), {"error"}), found
    assert set(found["error"]) == {"code", "message", "details", "request_id"}
    assert found["error"]["message"]


def test_every_command_is_tried_in_vain() -> None:
    assert {of(line) for line in FAILURES.strip().splitlines()} == set(commands()) - {("daemon", "run")}
