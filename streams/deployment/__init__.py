"""What all processes of one deployment share: configuration, topics, frames on the wire, heartbeats."""
