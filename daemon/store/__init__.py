"""SQL and nothing else: one SQLite file, one writer, one module per aggregate.

`database` runs mutations and reads; the other modules are functions over a connection. May import `errors`, `clock`,
`ids`, `events`, `settings` and `api`.
"""
