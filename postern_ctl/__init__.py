"""The command line and the Python client of Postern.

Talks to the daemon over its control socket or over HTTP, and starts it as a process of its own. May import
`daemon.api`, `daemon.errors`, `daemon.settings` and `zones`; the daemon never imports this package.
"""
