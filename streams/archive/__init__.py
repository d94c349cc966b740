"""The archive: what came in and what was found, in files by date; questions about it."""
