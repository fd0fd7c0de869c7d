"""Who gets in, and how often."""
