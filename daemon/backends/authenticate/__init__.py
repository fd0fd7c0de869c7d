"""Is a mail from whom it says: SPF, DKIM and DMARC, or what a trusted relay found out about them.

May import what `daemon.backends` may. Mail is bytes of strangers, and so are the records of their domains: whatever
they are, a verdict comes back, in bounded time and memory, and nothing but DNS is asked.
"""
