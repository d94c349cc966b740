"""The catalogue's zones in North Korea and at sea, all drawn by hand, and the reasoning behind each.

There are no anchorage points for North Korea: hardly anyone is heard there. Harbours are drawn some 3 km
round the World Port Index point, which is given to a minute of arc. Roads where cargo is discharged, and the
areas where transfers at sea were reported, are watched. `good`, `approximate` and `guess` say how certain a
place is.
"""

from typing import Final

from geofences.catalogue.zone import DRAWN, FAIRWAY, PORT, ROADS, Zone, box
from geofences.fence import FenceKind, Policy

_AREA: Final = FenceKind.STS_AREA

_OUTSIDE: Final = (
    "drawn by hand over the water outside the harbour, out to where a ship would anchor; where ships really "
    "wait is not published; guess"
)

NORTH_KOREA: Final = (
    # Nampo in three zones, for each tells something else: waiting or discharging, passing, alongside
    Zone(
        "kp-nampo-locks",
        "Nampo, locks of the West Sea Barrage",
        FenceKind.LOCK,
        "KP",
        60280,
        source="drawn by hand, 2.5 km on both sides of the barrage (vok.rep.kp; general knowledge); "
        "approximate",
        outline=((125.14, 38.65), (125.2, 38.65), (125.2, 38.725), (125.14, 38.725)),
    ),
    Zone(
        "kp-nampo-piers",
        "Nampo, inner harbour and oil piers",
        FenceKind.TERMINAL,
        "KP",
        60280,
        source="drawn by hand along the north bank, from the anchorage off the second oil terminal to the "
        "harbour (nknews.org, dailynk.com; World Port Index); approximate",
        outline=((125.24, 38.685), (125.44, 38.69), (125.44, 38.735), (125.24, 38.735)),
    ),
    Zone(
        "kp-nampo-fairway",
        "Nampo, between locks and harbour",
        FAIRWAY,
        "KP",
        60280,
        Policy.SCORE,
        source="drawn by hand over the water between the two; approximate",
        outline=((125.19, 38.66), (125.25, 38.685), (125.25, 38.735), (125.19, 38.725)),
    ),
    # the buoys' place is unpublished: reports say offshore, west of the barrage, with underwater pipelines
    Zone(
        "kp-nampo-roads",
        "Nampo, roads and discharge buoys",
        ROADS,
        "KP",
        60280,
        Policy.WATCH,
        source="drawn by hand west of the barrage (UN Panel of Experts by way of nknews.org); guess",
        outline=((124.95, 38.65), (125.14, 38.645), (125.14, 38.73), (124.95, 38.75)),
    ),
    Zone("kp-songnim", "Songnim", PORT, "KP", 60290, source=DRAWN, outline=box(125.58, 38.71, 125.65, 38.76)),
    # up the river from Nampo: a works with a pier of its own, which ships reach by way of Nampo's locks
    Zone(
        "kp-taean",
        "Taean",
        PORT,
        "KP",
        source="drawn by hand along the north bank of the Taedong between Nampo and Songnim (general "
        "knowledge); guess",
        outline=box(125.47, 38.74, 125.57, 38.8),
    ),
    Zone("kp-haeju", "Haeju", PORT, "KP", 60310, source=DRAWN, outline=box(125.66, 37.97, 125.74, 38.03)),
    Zone(
        "kp-haeju-roads",
        "Haeju, roads",
        ROADS,
        "KP",
        60310,
        Policy.WATCH,
        source=_OUTSIDE,
        outline=box(125.64, 37.88, 125.76, 37.97),
    ),
    Zone("kp-wonsan", "Wonsan", PORT, "KP", 60440, source=DRAWN, outline=box(127.41, 39.14, 127.49, 39.19)),
    Zone(
        "kp-wonsan-roads",
        "Wonsan, roads",
        ROADS,
        "KP",
        60440,
        Policy.WATCH,
        source="drawn by hand over the bay outside the harbour; approximate",
        outline=((127.41, 39.19), (127.49, 39.19), (127.49, 39.14), (127.55, 39.16), (127.55, 39.24)),
    ),
    Zone("kp-hungnam", "Hungnam", PORT, "KP", 60450, source=DRAWN, outline=box(127.58, 39.8, 127.66, 39.85)),
    Zone(
        "kp-hungnam-roads",
        "Hungnam, roads",
        ROADS,
        "KP",
        60450,
        Policy.WATCH,
        source=_OUTSIDE,
        outline=box(127.55, 39.74, 127.69, 39.82),
    ),
    # minerals; rebuilt in 2012. The World Port Index does not have it
    Zone(
        "kp-tanchon",
        "Tanchon",
        PORT,
        "KP",
        source="drawn by hand on the coast south of the town, which lies at 40.458 N 128.911 E (Wikipedia); "
        "the harbour's place is general knowledge; guess",
        outline=box(128.88, 40.38, 128.98, 40.45),
    ),
    Zone(
        "kp-kimchaek",
        "Kimchaek",
        PORT,
        "KP",
        60480,
        source=DRAWN,
        outline=box(129.17, 40.64, 129.24, 40.69),
    ),
    Zone(
        "kp-kimchaek-roads",
        "Kimchaek, roads",
        ROADS,
        "KP",
        60480,
        Policy.WATCH,
        source=_OUTSIDE,
        outline=box(129.19, 40.6, 129.3, 40.69),
    ),
    Zone(
        "kp-chongjin",
        "Chongjin",
        PORT,
        "KP",
        60500,
        source=DRAWN,
        outline=box(129.78, 41.74, 129.84, 41.79),
    ),
    # the steelworks' harbour, 7 km west of the old one
    Zone(
        "kp-chongjin-west",
        "Chongjin, West Port",
        PORT,
        "KP",
        60500,
        source="drawn by hand at the steelworks on the west side of the bay (general knowledge); approximate",
        outline=box(129.71, 41.735, 129.775, 41.77),
    ),
    Zone(
        "kp-chongjin-roads",
        "Chongjin, roads",
        ROADS,
        "KP",
        60500,
        Policy.WATCH,
        source="drawn by hand over the bay south of the harbour; approximate",
        outline=box(129.7, 41.68, 129.84, 41.75),
    ),
    Zone("kp-najin", "Najin", PORT, "KP", 60510, source=DRAWN, outline=box(130.26, 42.2, 130.34, 42.25)),
    Zone(
        "kp-najin-roads",
        "Najin, roads",
        ROADS,
        "KP",
        60510,
        Policy.WATCH,
        source=_OUTSIDE,
        outline=box(130.26, 42.13, 130.36, 42.21),
    ),
    # the refinery's harbour and, outside it, its mooring for tankers
    Zone(
        "kp-sonbong",
        "Sonbong",
        PORT,
        "KP",
        60520,
        source=DRAWN,
        outline=box(130.37, 42.29, 130.45, 42.35),
        port="kp-sonbong",
    ),
    Zone(
        "kp-sonbong-roads",
        "Sonbong, roads",
        ROADS,
        "KP",
        60520,
        Policy.WATCH,
        source=_OUTSIDE,
        outline=box(130.37, 42.225, 130.48, 42.3),
        port="kp-sonbong",
    ),
)

WATCH_AREAS: Final = (
    # transfers south of the island and close to it, later 7 to 8 km north-west of it
    Zone(
        "sts-cho-do",
        "off Cho-do",
        _AREA,
        "KP",
        None,
        Policy.WATCH,
        source="drawn by hand round 38.53 N 124.83 E, 36 suspected transfers in 2022 and 26 by autumn 2023 "
        "(VOA by way of world-today-news.com); approximate",
        outline=((124.68, 38.42), (124.92, 38.42), (124.92, 38.52), (124.85, 38.64), (124.68, 38.64)),
    ),
    # pairs and rafts of three, about 30 km south-west of Nampo
    Zone(
        "sts-sok-do",
        "off Sok-do",
        _AREA,
        "KP",
        None,
        Policy.WATCH,
        source="drawn by hand round 38.60 N 125.00 E (dailynk.com; news1global.com); approximate",
        outline=((124.9, 38.53), (125.1, 38.55), (125.1, 38.64), (124.9, 38.645)),
    ),
    Zone(
        "sts-wonsan",
        "off Wonsan",
        _AREA,
        "KP",
        None,
        Policy.WATCH,
        source="drawn by hand round 39.25 N 127.60 E, a transfer of coal in March 2024 (VOA by way of "
        "news1global.com); guess",
        outline=((127.555, 39.2), (127.75, 39.2), (127.75, 39.35), (127.555, 39.35)),
    ),
    # beyond 12 nautical miles of Primorye: Russian tankers to North Korean ships, October 2017 to May 2018
    Zone(
        "sts-japan-sea",
        "Japan Sea off Primorye",
        _AREA,
        None,
        None,
        Policy.WATCH,
        source="drawn by hand round 41.8 N 133.0 E, clear of 12 nautical miles from every shore (Reuters); "
        "guess",
        outline=((131.4, 41.6), (131.7, 42.2), (133.2, 42.4), (134.6, 42.85), (134.8, 42.3), (134.0, 41.2)),
    ),
    # 250 km east of Shanghai in February 2018, 400 km south-east of it in July 2018
    Zone(
        "sts-east-china-sea",
        "East China Sea",
        _AREA,
        None,
        None,
        Policy.WATCH,
        source="drawn by hand round 31.0 N 124.5 E and the place 400 km south-east of Shanghai (Japan's "
        "ministries of defence and of foreign affairs on transfers of 2018); approximate",
        outline=((123.3, 31.9), (125.8, 32.0), (126.3, 30.2), (126.0, 28.0), (123.8, 28.0), (123.2, 29.8)),
    ),
)
