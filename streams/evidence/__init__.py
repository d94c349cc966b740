"""Evidence: a zip file from which others get the same events again, byte for byte, and see what differs."""
