"""The formats of event files. They have a module of their own, so that the command line loads quickly."""

from enum import StrEnum


class Format(StrEnum):
    JSONL = "jsonl"
    GEOJSON = "geojson"
    CSV = "csv"
