"""Views: what responses are made of, namely pages of events, the fleet, vessels, reviews and exports."""
