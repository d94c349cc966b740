"""The ticks of the last time, of all vessels, and which of them are near each other."""
