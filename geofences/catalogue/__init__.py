"""The catalogue: the fences that the package ships, one GeoJSON file a region, made by geofences.build."""

from functools import cache
from importlib import resources

from geofences.fence import Fence, read_fences


@cache
def load_catalogue() -> tuple[Fence, ...]:
    """All fences of the package, sorted by id. Read once."""
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".geojson")]
    fences = [fence for file in files for fence in read_fences(file.read_bytes(), file.name)]
    return tuple(sorted(fences, key=lambda fence: fence.id))
