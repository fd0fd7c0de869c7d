from __future__ import annotations

import pytest

from daemon.settings.loopback import is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, *, expected: bool) -> None:
    assert is_loopback(host) is expected
