"""Ingest: takes lines in from live feeds and recordings, and brings them to Kafka as frames.

    address ─► tcp, udp, serial, … ─► intake (lines, frames) ─► outbox (memory, spool) ─► sender

`session` runs the sources of a command line, `publish` recordings with their own times.
"""
