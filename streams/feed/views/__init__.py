"""What the feed's answers are made of: pages of events, the fleet, vessels, reviews, exports."""
