"""Records: AIS messages that others have decoded, as JSON objects or bits in hexadecimal, read as the
messages that they stand for."""
