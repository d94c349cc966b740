"""The reasons of identity anomalies, and what makes their level."""

from typing import Final

from models.event import EventType
from models.innocent import Hypothesis
from streams.detection.explanation import LEAPT, NOT_OF_INTEREST, OFF_TRACK, SHARED_MMSI
from streams.detection.identities.settings import IdentityAnomalySettings
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side


def _change(code: str, what: str, weight: str = "changed") -> ReasonType:
    return ReasonType(
        code=code, side=Side.FOR, text=f"{what} changed from {{before}} to {{after}}", weight=weight
    )


NAME_CHANGED: Final = _change("name_changed", "its name")
CALLSIGN_CHANGED: Final = _change("callsign_changed", "its call sign")
SIZE_CHANGED: Final = _change("size_changed", "the size that it reports")
IMO_CHANGED: Final = _change("imo_changed", "its IMO number", "imo_changed")
RENUMBERED: Final = ReasonType(
    code="renumbered",
    side=Side.FOR,
    text="{what} was sent under MMSI {before} before, which has not been heard since",
    weight="renumbered",
)
NUMBER_BACK: Final = ReasonType(
    code="number_back",
    side=Side.FOR,
    text="it changed to another MMSI, and is heard under MMSI {before} again, and no longer under the other",
    weight="number_back",
)
ELSEWHERE: Final = ReasonType(
    code="elsewhere",
    side=Side.FOR,
    text="{what} is sent under MMSI {other}, too, more than {km:g} km away at the same time",
    weight="elsewhere",
)
SAME_SHIP_ELSEWHERE: Final = ReasonType(
    code="same_ship_elsewhere",
    side=Side.FOR,
    text="both MMSIs send the same IMO number together with the same name or call sign",
    weight="same_ship_elsewhere",
)
TWO_PLACES: Final = ReasonType(
    code="two_places",
    side=Side.FOR,
    text="two ships are heard under MMSI {mmsi}, in two places at once",
    weight="shared_mmsi",
)
IMO_INVALID: Final = ReasonType(
    code="imo_invalid",
    side=Side.FOR,
    text="it sends {value} as its IMO number, which is no IMO number: {why}",
    weight="doubt",
)
IMO_MISSING: Final = ReasonType(
    code="imo_missing",
    side=Side.FOR,
    text="it is a tanker of {length} m and was heard for {hours:g} hours without an IMO number",
    weight="doubt",
)
CALLSIGN_FLAG: Final = ReasonType(
    code="callsign_flag",
    side=Side.FOR,
    text="its call sign {value} is of a series of {country}, its MMSI of {flag}",
    weight="doubt",
)
LIST_FLAG: Final = ReasonType(
    code="list_flag",
    side=Side.FOR,
    text="{list} ({entry}), matched by IMO number, names {value} as its flag, and its MMSI is of {flag}",
    weight="doubt",
)
NO_COUNTRY: Final = ReasonType(
    code="no_country",
    side=Side.FOR,
    text="its MMSI {mmsi} is not a number that ships are given",
    weight="doubtful_mmsi",
)

SOLD: Final = ReasonType(
    code="sold",
    side=Side.AGAINST,
    text="ships that are sold or change their flag get another name, call sign or MMSI; that is the ordinary "
    "reason",
    weight="ordinary",
    hypotheses=(Hypothesis.SALE,),
)
REFLAGGED: Final = ReasonType(
    code="reflagged",
    side=Side.AGAINST,
    text="ships change their flag, and lists may name one that the ship had before; that is the ordinary "
    "reason",
    weight="ordinary",
    hypotheses=(Hypothesis.SALE,),
)
ENTERED_BY_HAND: Final = ReasonType(
    code="entered_by_hand",
    side=Side.AGAINST,
    text="these data are entered by hand, and many ships send wrong ones for years; that is the ordinary "
    "reason",
    weight="ordinary",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
ONE_TYPED_WRONGLY: Final = ReasonType(
    code="one_typed_wrongly",
    side=Side.AGAINST,
    text="one of the two may have entered a wrong number: they send neither the same name nor the same call "
    "sign or size",
    weight="typing",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
TYPING_ERROR: Final = ReasonType(
    code="typing_error",
    side=Side.AGAINST,
    text="the two IMO numbers differ in so few digits that one may be the other with a typing error",
    weight="typing",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
SILENCE_BETWEEN: Final = ReasonType(
    code="silence_between",
    side=Side.AGAINST,
    text="it was not heard for {duration} shortly before, so the MMSI may have gone to another ship",
    weight="silence_between",
    hypotheses=(Hypothesis.OTHER_SHIP,),
)
CHANGED_BACK: Final = ReasonType(
    code="changed_back",
    side=Side.AGAINST,
    text="it went back to what it had sent before, as when a mistake is corrected",
    weight="changed_back",
    hypotheses=(Hypothesis.WRONG_DATA,),
)

LEVELS: Final = (
    LevelRule("name_changed", Effect.POSSIBLE, "the name, the call sign or the size changed"),
    LevelRule("callsign_changed", Effect.POSSIBLE, "the same"),
    LevelRule("size_changed", Effect.POSSIBLE, "the same"),
    LevelRule("imo_changed", Effect.PROBABLE, "the IMO number changed; it belongs to the hull for life"),
    LevelRule("renumbered", Effect.POSSIBLE, "the ship goes on under another MMSI"),
    LevelRule("number_back", Effect.POSSIBLE, "and came back to the former MMSI"),
    LevelRule("elsewhere", Effect.POSSIBLE, "two MMSIs send the same IMO number, or call sign and size, from "
              "two places at once"),
    LevelRule("same_ship_elsewhere", Effect.PROBABLE, "and the same name or call sign with the IMO number"),
    LevelRule("two_places", Effect.POSSIBLE, "two ships are heard under one MMSI"),
    LevelRule("imo_invalid", Effect.POSSIBLE, "what it sends as IMO number fails the check digit"),
    LevelRule("imo_missing", Effect.POSSIBLE, "a tanker of `missing_metres` sends no IMO number for "
              "`missing_hours`"),
    LevelRule("callsign_flag", Effect.POSSIBLE, "call sign and MMSI are of different countries"),
    LevelRule("list_flag", Effect.POSSIBLE, "a watchlist's flag and the MMSI are of different countries"),
    LevelRule("no_country", Effect.POSSIBLE, "the MMSI is of no country"),
    LevelRule("typing_error", Effect.BAR, "a typing error explains it"),
    LevelRule("changed_back", Effect.BAR, "it went back to what it sent before"),
    LevelRule("shared_mmsi", Effect.BAR, "two ships are heard under the MMSI"),
    LevelRule("silence_between", Effect.LIMIT, "it was not heard for `silence_hours` before the change"),
    LevelRule("watchlist", Effect.EXCEPTION, "the vessel is on a watchlist"),
    WEAK_RULE,
)  # fmt: skip
REASONS: Final = ReasonTable(
    EventType.IDENTITY,
    IdentityAnomalySettings(),
    (
        *(IMO_CHANGED, NAME_CHANGED, CALLSIGN_CHANGED, SIZE_CHANGED, RENUMBERED, NUMBER_BACK),
        *(ELSEWHERE, SAME_SHIP_ELSEWHERE, TWO_PLACES),
        *(NO_COUNTRY, IMO_INVALID, IMO_MISSING, CALLSIGN_FLAG, LIST_FLAG),
        *LISTING,
        *(SOLD, REFLAGGED, ENTERED_BY_HAND, ONE_TYPED_WRONGLY, TYPING_ERROR, CHANGED_BACK, SILENCE_BETWEEN),
        *(SHARED_MMSI, OFF_TRACK, LEAPT, WEAK_MATCH, NOT_OF_INTEREST),
    ),
    LEVELS,
)
