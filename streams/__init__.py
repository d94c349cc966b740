"""How data flows: sources, decoding, stages, replay, outputs, the command line.

Imports models and geofences.
"""
