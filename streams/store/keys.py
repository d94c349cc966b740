"""The names of the keys of the event log in Redis; `streams/store/event_log.py` says what they hold."""


class Keys:
    """The names of the keys of one deployment."""

    def __init__(self, prefix: str = "") -> None:
        base = f"{prefix}tankerwatch"
        self.log = f"{base}:log"
        self.events = f"{base}:events"
        self.revisions = f"{base}:events:revisions"
        self.detected = f"{base}:events:detected"
        self.vessels = f"{base}:vessels"
        self.heard = f"{base}:vessels:heard"
        self.coverage = f"{base}:coverage"
        self.identities = f"{base}:vessels:identities"
        self.reviews = f"{base}:reviews"
        self.latest_reviews = f"{base}:reviews:latest"
        self.silences = f"{base}:silences"
        self.audit = f"{base}:audit"
        self.withheld = f"{base}:audit:withheld"
        self.sink = f"{base}:sink"
        self._base = base

    def entries(self, event: str) -> str:
        return f"{self._base}:event:{event}"

    def reviews_of(self, event: str) -> str:
        return f"{self._base}:reviews:of:{event}"

    def track(self, mmsi: int) -> str:
        return f"{self._base}:vessel:{mmsi}:track"

    def history(self, mmsi: int) -> str:
        return f"{self._base}:vessel:{mmsi}:identities"
