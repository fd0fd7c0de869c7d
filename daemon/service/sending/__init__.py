"""Mail that goes out: what is taken, whether it may go, how it goes, and what becomes of it."""
