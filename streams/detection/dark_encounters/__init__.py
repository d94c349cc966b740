"""Possible dark encounters: two vessels that can have met while one or both of them were silent."""
