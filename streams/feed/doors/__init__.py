"""Doors: what stands between the server and the operations: who is let in, and what may wait to be sent."""
