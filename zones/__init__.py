"""The DNS model, pure: no I/O, no clock, and nothing of ours imported."""
