"""What a message is: bytes to fields, fields to what a reader sees, what a reader sees to codes, links and logins.

Everything here is pure: no store, no network, no clock. Raw bytes come from strangers, so every function is total
(it returns, it never raises on input) and bounded in time and memory by named limits.

May import: `daemon.errors`, `daemon.clock`, `daemon.settings`, `daemon.api`, `zones` and third-party libraries.
Never `daemon.store`, `daemon.service`, `daemon.backends`, `daemon.web` or `daemon.nameserver`.
"""
