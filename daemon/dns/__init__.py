"""The name server: a process of its own that answers from memory, and is fed over a Unix socket.

Imports `zones`, and nothing else of ours: it knows no database, no setting and no service. `link.py` is the other end
of the socket, which the daemon holds.
"""
