"""The contract: what every edge speaks.

`operations` is the table of all operations and loads nothing but the standard library; the models, one module per
noun, are pydantic. May import `errors`, `clock`, `ids`, `settings`, `events` and `zones`.
"""
