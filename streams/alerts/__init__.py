"""Alerts: events delivered to where people and programs are, by rules in one file."""
