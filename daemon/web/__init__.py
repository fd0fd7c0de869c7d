"""The HTTP edge: who is calling, which operation, and how its answer looks. Imports services, never the store."""
