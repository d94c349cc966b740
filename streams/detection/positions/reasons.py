"""The reasons of position anomalies, and what makes their level."""

from typing import Final

from models.event import EventType
from models.innocent import Hypothesis
from streams.detection.explanation import DOUBTFUL_MMSI, NOT_OF_INTEREST, SHARED_MMSI
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE
from streams.detection.positions.settings import PositionAnomalySettings
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side

JUMPED: Final = ReasonType(
    code="jumped",
    side=Side.FOR,
    text="{value} positions lie off its track, up to {far}; the way between implies {knots:.0f} knots",
    weight="off_track",
)
CAME_BACK: Final = ReasonType(
    code="came_back",
    side=Side.FOR,
    text="it came back {times}, and its track went on from where it had been",
    weight="came_back",
)
FROZEN: Final = ReasonType(
    code="frozen",
    side=Side.FOR,
    text="it reports {knots:g} knots and stays near one place, for {value:.1f} hours "
    "(threshold {threshold:g} h)",
    weight="frozen",
    thresholds=("frozen_minutes",),
    unit="h",
)
FROZEN_AT_SEA: Final = ReasonType(
    code="frozen_at_sea",
    side=Side.FOR,
    text="it lies {value:.0f} km from the nearest port (threshold {threshold:g} km), so it is no ship at a "
    "berth with a stuck sensor",
    weight="frozen_at_sea",
    thresholds=("sea_km",),
    unit="km",
)
CIRCLE: Final = ReasonType(
    code="circle",
    side=Side.FOR,
    text="its positions go round a circle of {radius} in radius again and again, at {knots:.0f} knots",
    weight="circle",
)
STEADY_HEADING: Final = ReasonType(
    code="steady_heading",
    side=Side.FOR,
    text="its heading, which the compass gives, does not turn with the circle",
    weight="steady_heading",
)
LEAPT: Final = ReasonType(
    code="leapt",
    side=Side.FOR,
    text="at {when} UTC its positions leapt there over {value:g} km, farther than a ship comes in {after}",
    weight="leapt",
    unit="km",
)
ONE_PLACE: Final = ReasonType(
    code="one_place",
    side=Side.FOR,
    text="positions of {value} ships jumped to places within {km:g} km of each other within {hours:g} hours",
    weight="region",
)
ONE_AREA: Final = ReasonType(
    code="one_area",
    side=Side.FOR,
    text="positions of {value} ships that were within {km:g} km of each other jumped away within {minutes:g} "
    "minutes",
    weight="region",
)
MANY_SHIPS: Final = ReasonType(
    code="many_ships",
    side=Side.FOR,
    text="positions of {value} ships jumped in all",
    weight="many_ships",
)
REPEATED: Final = ReasonType(
    code="repeated",
    side=Side.FOR,
    text="{value} of {of} positions, one of each step of the time grid in which it moved, are at a place "
    "where it was before, to within 1 m; there are {places} such places within {far}",
    weight="repeated",
)
GRID: Final = ReasonType(
    code="grid",
    side=Side.FOR,
    text="these places lie on a regular grid, with lines {east:.0f} m apart to the east and {value} m apart "
    "to the north",
    weight="grid",
    unit="m",
)
ON_GRID: Final = ReasonType(
    code="on_grid",
    side=Side.FOR,
    text="all of {of} positions, one of each step of the time grid in which it moved, lie on the lines of a "
    "regular grid, to within 1 m: {value} lines, {east:.0f} m apart to the east and {north:.0f} m apart to "
    "the north, or a multiple of that",
    weight="on_grid",
)
UNREACHED_BY_WATER: Final = ReasonType(
    code="unreached",
    side=Side.FOR,
    text="between {when} UTC no position on its track was heard, and over water it is farther than "
    "{value:.0f} km from where it was to where it is, which {knots:g} knots would take it in that time; "
    "straight across the land it is {km:.0f} km",
    weight="unreached",
    unit="km",
)
INTERFERENCE: Final = ReasonType(
    code="interference",
    side=Side.AGAINST,
    text="jamming, spoofing from elsewhere and faulty devices make positions wrong, too; that is the "
    "ordinary reason, and nothing that the crew did",
    weight="interference",
    hypotheses=(Hypothesis.JAMMING,),
)
NOT_BACK: Final = ReasonType(
    code="not_back",
    side=Side.AGAINST,
    text="it has not been heard on its track again, so another ship may use its number",
    weight="not_back",
    hypotheses=(Hypothesis.OTHER_SHIP,),
)
MEANWHILE: Final = ReasonType(
    code="heard_meanwhile",
    side=Side.AGAINST,
    text="it was heard on its track meanwhile, {value} times or more, so another ship may use its number",
    weight="meanwhile",
    hypotheses=(Hypothesis.OTHER_SHIP,),
)
REPLAYED: Final = ReasonType(
    code="replayed",
    side=Side.AGAINST,
    text="a station or a feed that sends old messages again, or a device that is being tested, gives the "
    "same picture; that is the ordinary reason",
    weight="replayed",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
ROUNDED: Final = ReasonType(
    code="rounded",
    side=Side.AGAINST,
    text="a device or a feed that rounds positions in a way of its own gives the same picture; that is the "
    "ordinary reason",
    weight="rounded",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
FALSE_POSITION: Final = ReasonType(
    code="false_position",
    side=Side.AGAINST,
    text="jamming, a faulty device or another ship under its number makes one of the positions wrong; that "
    "is the ordinary reason",
    weight="interference",
    hypotheses=(Hypothesis.JAMMING, Hypothesis.OTHER_SHIP),
)
WATERWAY: Final = ReasonType(
    code="waterway",
    side=Side.AGAINST,
    text="there may be a canal or a river across that the land data lack",
    weight="waterway",
)
SENSOR: Final = ReasonType(
    code="stuck_sensor",
    side=Side.AGAINST,
    text="a speed sensor that is stuck or a device that is set up wrongly gives the same picture",
    weight="sensor",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
MANOEUVRE: Final = ReasonType(
    code="manoeuvre",
    side=Side.AGAINST,
    text="ships turn in circles for trials of engine or compass, or while they wait",
    weight="manoeuvre",
    hypotheses=(Hypothesis.WAITING,),
)
OF_REGION: Final = ReasonType(
    code="of_region",
    side=Side.RETRACTION,
    text="other ships jumped with it; one event on the region says so ({event})",
    weight="retraction",
)

LEVELS: Final = (
    LevelRule("jumped", Effect.POSSIBLE, "`jump_positions` or more lie `jump_km` or more off its track, and "
              "the way there implies `jump_knots`"),
    LevelRule("came_back", Effect.PROBABLE, "it came back to its track `again` times, or after "
              "`lasting_minutes` with `lasting_positions`"),
    LevelRule("frozen", Effect.POSSIBLE, "it reports speed and stays near one place for `frozen_minutes`"),
    LevelRule("frozen_at_sea", Effect.PROBABLE, "for `sea_minutes`, `sea_km` from any port, reporting "
              "`sea_knots`"),
    LevelRule("circle", Effect.POSSIBLE, "its positions go round one circle two and a half times or more, "
              "for half an hour"),
    LevelRule("steady_heading", Effect.PROBABLE, "and its heading keeps its direction"),
    LevelRule("one_place", Effect.POSSIBLE, "`place_ships` jump to places within `place_km`, within "
              "`place_hours`"),
    LevelRule("one_area", Effect.POSSIBLE, "`area_ships` within `area_km` jump within `area_minutes`"),
    LevelRule("many_ships", Effect.PROBABLE, "`probable_ships` jump in all"),
    LevelRule("repeated", Effect.POSSIBLE, "half of 24 positions or more, a step apart, repeat 6 places or "
              "more exactly"),
    LevelRule("on_grid", Effect.POSSIBLE, "all of 24 positions or more, a step apart, lie on 12 lines or "
              "more of a regular grid, and not as even motion takes them along it"),
    LevelRule("unreached", Effect.POSSIBLE, "it is heard again beyond land, where no ship of `water_knots` "
              "can have come over water"),
    LevelRule("heard_meanwhile", Effect.BAR, "it was heard on its track meanwhile"),
    LevelRule("shared_mmsi", Effect.BAR, "two ships are heard under the MMSI"),
    WEAK_RULE,
)  # fmt: skip
REASONS: Final = ReasonTable(
    EventType.POSITION_ANOMALY,
    PositionAnomalySettings(),
    (
        *(
            JUMPED,
            CAME_BACK,
            FROZEN,
            FROZEN_AT_SEA,
            CIRCLE,
            STEADY_HEADING,
            REPEATED,
            GRID,
            ON_GRID,
            UNREACHED_BY_WATER,
        ),
        LEAPT,
        *(ONE_PLACE, ONE_AREA, MANY_SHIPS),
        *LISTING,
        *(INTERFERENCE, NOT_BACK, MEANWHILE, SENSOR, MANOEUVRE, REPLAYED, ROUNDED, FALSE_POSITION, WATERWAY),
        *(SHARED_MMSI, DOUBTFUL_MMSI, WEAK_MATCH),
        *(NOT_OF_INTEREST, OF_REGION),
    ),
    LEVELS,
)
