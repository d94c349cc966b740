"""Commands about reference data: the geofences and the watchlists."""
