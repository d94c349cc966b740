"""Commands that keep what was found, hand it to other programs, and answer questions about it."""
