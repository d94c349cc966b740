import os
from importlib import resources
from pathlib import Path

import pytest

from geofences.catalogue.build import build


@pytest.mark.recorded
def test_a_rebuild_gives_the_committed_catalogue_byte_for_byte() -> None:
    built = build(Path(os.environ["TANKERWATCH_DATA"]) / "reference")
    folder = resources.files("geofences.catalogue")
    committed = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".geojson")}
    assert {name: text.encode() for name, text in built.items()} == committed
