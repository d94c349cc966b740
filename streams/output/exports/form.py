"""The formats of exports. They have a module of their own, so that the command line loads quickly."""

from enum import StrEnum
from typing import Final


class ExportForm(StrEnum):
    """A format of exports; its value is also the end of the names of such files, but for GeoParquet."""

    GEOJSON = "geojson"
    CSV = "csv"
    GEOPARQUET = "geoparquet"
    KML = "kml"


ENDS: Final = {form.value: form for form in ExportForm} | {"parquet": ExportForm.GEOPARQUET}
"""By the ends of names of files."""
