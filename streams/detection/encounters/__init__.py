"""Encounters: when two vessels lay together, whether they are two, and what is said of it."""
