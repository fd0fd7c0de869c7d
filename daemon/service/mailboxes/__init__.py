"""Mailboxes and what is in them: messages, threads, search, downloads."""
