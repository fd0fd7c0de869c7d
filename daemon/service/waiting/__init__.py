"""Waits: what is wanted, and what was nearly it."""
