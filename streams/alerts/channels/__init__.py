"""One module for each way of delivering an alert."""
