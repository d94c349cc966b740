"""The formats of event files. They have a module of their own, so that the command line loads quickly."""

from enum import StrEnum
from typing import Final


class Format(StrEnum):
    """A format of event files; its value is also the end of the names of such files."""

    JSONL = "jsonl"
    GEOJSON = "geojson"
    CSV = "csv"


ENDS: Final = {form.value: form for form in Format}
"""By the ends of names of files."""
