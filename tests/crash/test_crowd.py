from __future__ import annotations

import json
import resource
from pathlib import Path

from tests.crash.load import World
from tests.support import RunningDaemon

SHELL_MAX_FILES = 128  # what some systems give a process that does not ask for more: 256 on macOS, 1,024 on Linux
CROWD = 200


def test_more_agents_wait_than_a_shell_lets_a_process_open_files(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    daemon = RunningDaemon(tmp_path / "data")
    resource.setrlimit(resource.RLIMIT_NOFILE, (SHELL_MAX_FILES, hard))
    try:
        daemon.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    world = World.settle(daemon, mailboxes=1)
    address, body = world.addresses[0], json.dumps({"timeout_seconds": 60})
    headers = {"Authorization": f"Bearer {world.wide}", "Content-Type": "application/json"}
    waiting = [daemon.connection() for _ in range(CROWD)]
    for connection in waiting:
        connection.request("POST", f"/v1/inboxes/{address}/wait", body, headers)
    while daemon.operator("GET", "/v1/stats").json["waits_active"] < CROWD:
        pass
    daemon.deliver(address)
    for connection in waiting:
        assert json.loads(connection.getresponse().read())["extracted"]["otp_code"] == "482913"
        connection.close()
    assert daemon.stop() == 0
