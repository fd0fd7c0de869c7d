"""What keeps the house: backups, master keys, and proof for others that the log is whole."""
