"""The catalogue's zones in Russia, and the reasoning behind each.

Berths and ordinary anchorages suppress encounters; roads where transfers are known are watched. A World
Port Index point lies up to 13 km from the berths, so the outlines follow the anchorage points of Global
Fishing Watch where there are some. In the Baltic and the Black Sea there are few; there, berths are drawn
wide enough for the doubt about them and anchorages tight, since a zone too large hides what it covers.
`good`, `approximate` and `guess` say how certain a place is.
"""

from typing import Final

from geofences.catalogue.zone import ANCHORAGE, DRAWN, FAIRWAY, GFW, PORT, ROADS, TERMINAL, WAY, Zone, box
from geofences.fence import Policy

RUSSIA_PACIFIC: Final = (
    # Wrangel Bay. Its product berth, seen loading North Korean tankers in 2024, is 2 km east of Kozmino
    Zone(
        "ru-vostochny-berths",
        "Vostochny, berths",
        TERMINAL,
        "RU",
        60725,
        source=f"{GFW}; with Wrangel Bay and the product berth drawn by hand (Open Source Centre, RUSI, "
        "Yomiuri on the calls of 2024); approximate",
        outline=((133.042, 42.712), (133.075, 42.712), (133.1, 42.73), (133.1, 42.765), (133.055, 42.765)),
        labels=("VOSTOCHNYY",),
        window=(133.06, 42.74, 133.09, 42.76),
    ),
    Zone(
        "ru-kozmino",
        "Kozmino, crude oil terminal",
        TERMINAL,
        "RU",
        source=f"{GFW}, among those labelled Vostochny; terminal drawn by hand; approximate",
        outline=box(132.995, 42.705, 133.04, 42.734),
        labels=("VOSTOCHNYY",),
        window=(132.99, 42.7, 133.035, 42.73),
    ),
    Zone(
        "ru-vostochny-roads",
        "Vostochny, roads",
        ROADS,
        "RU",
        60725,
        Policy.WATCH,
        source=f"{GFW}; with the water between them and the berths drawn by hand; good",
        outline=((133.01, 42.74), (133.0488, 42.74), (133.055, 42.765), (133.03, 42.775)),
        labels=("VOSTOCHNYY",),
        window=(132.95, 42.735, 133.045, 42.81),
    ),
    # the harbour inlet
    Zone(
        "ru-nakhodka-berths",
        "Nakhodka, berths",
        PORT,
        "RU",
        60730,
        source=f"{GFW}; with the harbour inlet drawn by hand; good",
        outline=((132.86, 42.765), (132.905, 42.77), (132.915, 42.8), (132.905, 42.83), (132.865, 42.82)),
        labels=("NAKHODKA",),
        window=(132.86, 42.77, 132.9, 42.81),
    ),
    # an oil pier on the open side of Cape Astafyev, south of the port's anchorage 1: a berth, not roads
    Zone(
        "ru-nakhodka-novitsky",
        "Nakhodka, oil pier of Novitsky Bay",
        TERMINAL,
        "RU",
        60730,
        source="drawn by hand between Cape Astafyev and anchorage 1 of the port, whose southern limit is "
        "42°48.87' N (order of Russia's Ministry of Transport); the pier's place is general knowledge; "
        "approximate",
        outline=box(132.9, 42.79, 132.932, 42.8145),
    ),
    Zone(
        "ru-nakhodka-roads",
        "Nakhodka, roads",
        ROADS,
        "RU",
        60730,
        Policy.WATCH,
        labels=("NAKHODKA", "NAKHODKA ANCHORAGE"),
        window=(132.905, 42.745, 132.98, 42.84),
    ),
    # where ships for Nakhodka and Vostochny wait out of sight of both: watched like their roads
    Zone(
        "ru-nakhodka-vostok-bay",
        "Nakhodka, Vostok Bay roads",
        ROADS,
        "RU",
        60730,
        Policy.WATCH,
        labels=("NAKHODKA", "BUKHTA GAYDAMAK"),
        window=(132.68, 42.78, 132.8, 42.88),
    ),
    # the Golden Horn, which no coastline has as water, and the terminals of the Amur Gulf side
    Zone(
        "ru-vladivostok",
        "Vladivostok, berths",
        PORT,
        "RU",
        60610,
        source=f"{GFW}; with the Golden Horn and Diomid Bay drawn by hand; good",
        outline=((131.865, 43.095), (131.9, 43.09), (131.945, 43.095), (131.955, 43.115), (131.9, 43.12)),
        labels=("VLADIVOSTOK",),
        window=(131.84, 43.085, 131.95, 43.12),
    ),
    # oil depot with a pier on the Amur Gulf
    Zone(
        "ru-vladivostok-pervaya-rechka",
        "Vladivostok, oil pier of Pervaya Rechka",
        TERMINAL,
        "RU",
        60610,
        source="drawn by hand at the mouth of the Pervaya Rechka on the Amur Gulf (general knowledge); "
        "approximate",
        outline=box(131.845, 43.125, 131.9, 43.155),
    ),
    Zone(
        "ru-vladivostok-anchorage",
        "Vladivostok, anchorages",
        ANCHORAGE,
        "RU",
        60610,
        labels=("VLADIVOSTOK",),
    ),
    # the main oil port for North Korea in 2014 and 2015
    Zone(
        "ru-slavyanka",
        "Slavyanka",
        PORT,
        "RU",
        62535,
        source=f"{GFW}; with Slavyanka Bay drawn by hand; good",
        outline=box(131.365, 42.855, 131.445, 42.9),
        labels=("SLAVYANKA",),
        window=(131.37, 42.86, 131.44, 42.9),
    ),
    Zone("ru-slavyanka-anchorage", "Slavyanka, anchorage", ANCHORAGE, "RU", 62535, labels=("SLAVYANKA",)),
    Zone(
        "ru-zarubino",
        "Zarubino",
        PORT,
        "RU",
        60582,
        labels=("ZARUBINO",),
        window=(131.06, 42.6, 131.12, 42.65),
    ),
    Zone("ru-zarubino-anchorage", "Zarubino, anchorage", ANCHORAGE, "RU", 60582, labels=("ZARUBINO",)),
    Zone("ru-posyet", "Posyet", PORT, "RU", 60540, source=DRAWN, outline=box(130.76, 42.63, 130.84, 42.675)),
    Zone(
        "ru-posyet-fairway",
        "Posyet, approach",
        FAIRWAY,
        "RU",
        60540,
        Policy.SCORE,
        source=WAY,
        outline=((130.83, 42.635), (130.84, 42.655), (130.99, 42.59), (130.98, 42.565)),
    ),
    Zone("ru-posyet-anchorage", "Posyet, anchorage", ANCHORAGE, "RU", 60540, labels=("POSYET", "RUS-344")),
    Zone(
        "ru-vanino",
        "Vanino",
        PORT,
        "RU",
        60800,
        labels=("VANINO", "BUKHTA VANINO"),
        window=(140.25, 49.06, 140.335, 49.1),
    ),
    Zone("ru-vanino-anchorage", "Vanino, anchorages", ANCHORAGE, "RU", 60800, labels=("VANINO",)),
    Zone(
        "ru-sovetskaya-gavan",
        "Sovetskaya Gavan",
        PORT,
        "RU",
        60795,
        labels=("SOVETSKAYA GAVAN", "LOSOSINA"),
    ),
    Zone(
        "ru-korsakov",
        "Korsakov",
        PORT,
        "RU",
        60920,
        labels=("KORSAKOV",),
        window=(142.75, 46.6, 142.79, 46.65),
    ),
    Zone(
        "ru-korsakov-anchorage",
        "Korsakov, anchorages",
        ANCHORAGE,
        "RU",
        60920,
        labels=("KORSAKOV",),
        window=(142.6, 46.55, 142.8, 46.7),
    ),
    # 25 km to the south, where a ship for any harbour of Aniva Bay may wait: no part of Korsakov's port
    Zone(
        "ru-aniva-anchorage",
        "Aniva Bay, anchorage",
        ANCHORAGE,
        "RU",
        labels=("KORSAKOV",),
        window=(142.6, 46.3, 142.8, 46.5),
    ),
    # Sakhalin-2: the jetty for gas, and the loading unit for crude oil 4.5 km out
    Zone(
        "ru-prigorodnoye",
        "Prigorodnoye, oil and gas terminal",
        TERMINAL,
        "RU",
        source="drawn by hand from the shore out past the loading unit, which lies 4.5 km offshore (Sakhalin "
        "Energy's announcement of December 2008); approximate",
        outline=box(142.85, 46.55, 142.96, 46.635),
    ),
    Zone(
        "ru-nevelsk", "Nevelsk", PORT, "RU", 60930, labels=("NEVELSK",), window=(141.845, 46.6, 141.9, 46.75)
    ),
    Zone("ru-nevelsk-anchorage", "Nevelsk, anchorage", ANCHORAGE, "RU", 60930, labels=("NEVELSK",)),
    Zone(
        "ru-olga",
        "Olga",
        PORT,
        "RU",
        source="one anchorage point of Global Fishing Watch, with the head of Olga Bay drawn by hand; "
        "approximate",
        outline=box(135.23, 43.7, 135.31, 43.76),
        labels=("OLGA",),
    ),
    Zone(
        "ru-plastun",
        "Plastun",
        PORT,
        "RU",
        labels=("PLASTUN",),
        window=(136.2, 44.7, 136.35, 44.76),
        port="ru-plastun",
    ),
    Zone(
        "ru-plastun-anchorage",
        "Plastun, anchorage",
        ANCHORAGE,
        "RU",
        labels=("PLASTUN",),
        port="ru-plastun",
    ),
    Zone(
        "ru-preobrazheniye",
        "Preobrazheniye",
        PORT,
        "RU",
        source="one anchorage point of Global Fishing Watch, grown by 1 km; approximate",
        labels=("PREOBRAZHENIYE",),
    ),
    Zone(
        "ru-magadan",
        "Magadan",
        PORT,
        "RU",
        62550,
        source=f"{GFW}; with the World Port Index point",
        outline=box(150.7, 59.555, 150.74, 59.575),
        labels=("MAGADAN",),
        window=(150.71, 59.55, 150.8, 59.6),
    ),
    Zone("ru-magadan-anchorage", "Magadan, anchorage", ANCHORAGE, "RU", 62550, labels=("MAGADAN",)),
    Zone("ru-kholmsk", "Kholmsk", PORT, "RU", 60940, labels=("KHOLMSK",)),
    # the single-point mooring off the bay, and the bay itself
    Zone("ru-de-kastri-terminal", "De-Kastri, oil terminal", TERMINAL, "RU", 60810, labels=("DE-KASTRI",)),
    Zone(
        "ru-de-kastri",
        "De-Kastri",
        PORT,
        "RU",
        60810,
        source=DRAWN,
        outline=((140.76, 51.44), (140.85, 51.44), (140.87, 51.48), (140.83, 51.5), (140.76, 51.49)),
    ),
    Zone(
        "ru-petropavlovsk",
        "Petropavlovsk-Kamchatsky",
        PORT,
        "RU",
        62600,
        source=f"{GFW}; with the inner harbour drawn by hand out to the World Port Index point; good",
        outline=box(158.6, 52.99, 158.66, 53.055),
        labels=("PETROPAVLOVSK", "PETROPAVLOVSK-KAMCHATSKY"),
        window=(158.6, 52.95, 158.72, 53.1),
    ),
    Zone(
        "ru-petropavlovsk-fairway",
        "Petropavlovsk-Kamchatsky, entrance of Avacha Bay",
        FAIRWAY,
        "RU",
        62600,
        Policy.SCORE,
        source=WAY,
        outline=((158.63, 52.83), (158.6, 52.97), (158.7, 52.97), (158.69, 52.88), (158.66, 52.83)),
    ),
    Zone(
        "ru-petropavlovsk-anchorage",
        "Petropavlovsk-Kamchatsky, anchorages",
        ANCHORAGE,
        "RU",
        62600,
        labels=("PETROPAVLOVSK", "PTRK"),
    ),
)
