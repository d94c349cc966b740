"""What things are: reports, vessels, events, watchlists. Imports neither geofences nor streams."""
