"""Possible dark port visits: the watched ports that a silent vessel can have called at."""
