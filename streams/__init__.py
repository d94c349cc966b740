"""How data flows: sources, decoding, stages, replay, reports, the command line. Imports models and geofences."""
