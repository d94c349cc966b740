"""The formats that events are written in. Apart from what writes them, so that naming one costs nothing."""

from enum import StrEnum


class Format(StrEnum):
    JSONL = "jsonl"
    GEOJSON = "geojson"
    CSV = "csv"
