"""The decisions: one room for what belongs together, and in it one module per noun.

Services are called by every edge in the same way: `services.<noun>.<verb>(call, *path values, query or body)`. They may
import the store, `keys`, `audit`, `mail`, the backend Protocols and the foundations; never `web` or a backend itself.
What every room uses stands here.
"""
