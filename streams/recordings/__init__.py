"""Recorded files: reading and replaying them, and saying why one can't be used."""
