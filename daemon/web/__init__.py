"""The HTTP edge: who is calling, which operation, and how its answer looks on the wire. Imports services, never the store."""
