"""The feed of a recording: an event log in memory and a player that moves through time."""
