"""The catalogue's zones in western Russia; `zones_russia` has the reasoning."""

from typing import Final

from geofences.catalogue.zone import Zone, box
from geofences.fence import FenceKind, Policy

_PORT: Final = FenceKind.PORT
_TERMINAL: Final = FenceKind.TERMINAL
_ANCHORAGE: Final = FenceKind.ANCHORAGE
_ROADS: Final = FenceKind.ROADS
_FAIRWAY: Final = FenceKind.FAIRWAY

_DRAWN: Final = "drawn by hand round the World Port Index point; approximate"
_GUESS: Final = "drawn by hand from general descriptions; guess"
_WAY: Final = "drawn by hand along the way between the port's zones; approximate"

RUSSIA_WEST: Final = (
    # Tsemes Bay with the Sheskharis oil terminal on its east side
    Zone(
        "ru-novorossiysk",
        "Novorossiysk",
        _PORT,
        "RU",
        44200,
        source=f"{_DRAWN}, out to the anchorage points of Global Fishing Watch at the bay's mouth",
        outline=(
            (37.755, 44.74),
            (37.755, 44.695),
            (37.785, 44.665),
            (37.82, 44.66),
            (37.87, 44.685),
            (37.87, 44.71),
            (37.82, 44.74),
        ),
    ),
    Zone(
        "ru-novorossiysk-anchorage",
        "Novorossiysk, anchorages",
        _ANCHORAGE,
        "RU",
        44200,
        source=_GUESS,
        outline=(
            (37.82, 44.655),
            (37.82, 44.59),
            (37.96, 44.56),
            (37.97, 44.6),
            (37.9, 44.67),
            (37.87, 44.68),
        ),
    ),
    Zone(
        "ru-taman",
        "Taman, oil terminals",
        _TERMINAL,
        "RU",
        source="drawn by hand round the terminals at Cape Zhelezny Rog; approximate",
        outline=box(36.6, 45.09, 36.74, 45.145),
    ),
    Zone("ru-kavkaz", "Kavkaz", _PORT, "RU", 44162, source=_DRAWN, outline=box(36.635, 45.32, 36.69, 45.36)),
    # ship-to-ship in the open for decades: river tankers to sea-going ones
    Zone(
        "ru-kavkaz-roads",
        "Kavkaz, roads",
        _ROADS,
        "RU",
        44162,
        Policy.WATCH,
        source="drawn by hand over the southern Kerch Strait and its approach; approximate; the status of "
        "these waters is disputed",
        outline=((36.42, 44.9), (36.72, 44.9), (36.68, 45.08), (36.59, 45.09), (36.6, 45.3), (36.53, 45.3)),
    ),
    Zone(
        "ru-tuapse",
        "Tuapse",
        _PORT,
        "RU",
        44230,
        source=_DRAWN,
        outline=box(39.04, 44.075, 39.095, 44.11),
    ),
    Zone(
        "ru-tuapse-anchorage",
        "Tuapse, anchorage",
        _ANCHORAGE,
        "RU",
        44230,
        source=_GUESS,
        outline=box(39.0, 44.03, 39.08, 44.07),
    ),
    Zone(
        "ru-ust-luga",
        "Ust-Luga",
        _PORT,
        "RU",
        28410,
        source=f"{_DRAWN}, with the berths along the east side of Luga Bay",
        outline=(
            (28.29, 59.65),
            (28.4, 59.65),
            (28.47, 59.7),
            (28.45, 59.74),
            (28.36, 59.73),
            (28.29, 59.68),
        ),
    ),
    Zone(
        "ru-ust-luga-anchorage",
        "Ust-Luga, anchorages",
        _ANCHORAGE,
        "RU",
        28410,
        source=_GUESS,
        outline=box(28.2, 59.78, 28.42, 59.88),
    ),
    Zone(
        "ru-primorsk",
        "Primorsk",
        _PORT,
        "RU",
        28360,
        source=f"{_DRAWN}, with the oil terminal south-east of it",
        outline=((28.59, 60.35), (28.7, 60.3), (28.78, 60.31), (28.76, 60.35), (28.64, 60.39)),
    ),
    Zone(
        "ru-primorsk-fairway",
        "Primorsk, approach",
        _FAIRWAY,
        "RU",
        28360,
        Policy.SCORE,
        source=_WAY,
        outline=((28.63, 60.21), (28.65, 60.345), (28.71, 60.31), (28.69, 60.21)),
    ),
    Zone(
        "ru-primorsk-anchorage",
        "Primorsk, anchorage",
        _ANCHORAGE,
        "RU",
        28360,
        source=_GUESS,
        outline=box(28.55, 60.13, 28.75, 60.22),
    ),
    Zone(
        "ru-st-petersburg",
        "St Petersburg",
        _PORT,
        "RU",
        28370,
        source="Global Fishing Watch anchorage points, with the port's basins drawn by hand; good",
        outline=((30.17, 59.84), (30.26, 59.85), (30.31, 59.93), (30.2, 59.98), (30.17, 59.93)),
        labels=("SAINT PETERSBURG",),
    ),
    Zone(
        "ru-st-petersburg-anchorage",
        "St Petersburg, anchorages west of Kotlin",
        _ANCHORAGE,
        "RU",
        28370,
        labels=("ST PETERSBURG",),
        window=(29.2, 59.95, 29.8, 60.12),
    ),
    Zone(
        "ru-st-petersburg-fairway",
        "St Petersburg, sea channel past Kronstadt",
        _FAIRWAY,
        "RU",
        28370,
        Policy.SCORE,
        source=_WAY,
        outline=((29.55, 60.0), (29.55, 60.05), (29.8, 60.0), (30.2, 59.92), (30.2, 59.89), (29.75, 59.965)),
    ),
    # Kola Bay down to its head, with the storage tankers moored in it
    Zone("ru-murmansk", "Murmansk", _PORT, "RU", 62950, labels=("MURMANSK", "MYS ABRAM")),
    Zone(
        "ru-murmansk-anchorage",
        "Murmansk, anchorages of the middle bay",
        _ANCHORAGE,
        "RU",
        62950,
        labels=("ROSLYAKOVO", "SAFONOVO", "SEVEROMORSK"),
    ),
    Zone(
        "ru-kaliningrad",
        "Kaliningrad",
        _PORT,
        "RU",
        28690,
        source=_DRAWN,
        outline=box(20.37, 54.67, 20.51, 54.72),
    ),
    Zone(
        "ru-baltiysk", "Baltiysk", _PORT, "RU", 28680, source=_DRAWN, outline=box(19.86, 54.61, 19.94, 54.67)
    ),
    Zone(
        "ru-kaliningrad-fairway",
        "Kaliningrad, ship canal and approach",
        _FAIRWAY,
        "RU",
        28690,
        Policy.SCORE,
        source=_WAY,
        outline=(
            (19.75, 54.62),
            (19.75, 54.65),
            (20.0, 54.67),
            (20.38, 54.71),
            (20.38, 54.69),
            (20.0, 54.63),
        ),
    ),
    Zone(
        "ru-kaliningrad-anchorage", "Kaliningrad, anchorage", _ANCHORAGE, "RU", 28690, labels=("KALININGRAD",)
    ),
)
