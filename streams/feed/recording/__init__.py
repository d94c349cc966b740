"""The feed of a recording: an event log in memory that can be read as it stood at any moment."""
