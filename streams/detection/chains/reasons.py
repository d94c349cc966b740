"""The reasons for and against a chain, and what makes its level."""

from typing import Final

from models.event import EventType
from models.innocent import Hypothesis
from streams.detection.chains.settings import ChainSettings
from streams.detection.explanation import DOUBTFUL_MMSI, LEAPT, OFF_TRACK, SHARED_MMSI
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side

LOAD: Final = ReasonType(
    code="load",
    side=Side.FOR,
    text="{vessel} called at {place} ({country}) until {until}",
    weight="load",
)
DARK_LOAD: Final = ReasonType(
    code="dark_load",
    side=Side.FOR,
    text="{vessel} may have called at {place} ({country}) while it was not heard, from {since} to {until}",
    weight="load",
)
SIGHTED_LOAD: Final = ReasonType(
    code="sighted_load",
    side=Side.FOR,
    text="{vessel} was seen at {place} ({country}) by others on {when}, while it was not heard",
    weight="load",
)
LOADED: Final = ReasonType(
    code="loaded",
    side=Side.FOR,
    text="{vessel} reported {value:.1f} m more draught after its call at {place}",
    weight="loaded",
    thresholds=("draught_metres",),
    unit="m",
    hypotheses=(Hypothesis.TRADE,),
)
TRANSFER: Final = ReasonType(
    code="transfer",
    side=Side.FOR,
    text="{giver} met {receiver} on {when}{draught}",
    weight="transfer",
)
RENUMBERED: Final = ReasonType(
    code="renumbered",
    side=Side.FOR,
    text="the ship with IMO number {imo} went under the MMSIs {value}",
    weight="renumbered",
)
DISCHARGE: Final = ReasonType(
    code="discharge",
    side=Side.FOR,
    text="{vessel} called at {place} from {when}",
    weight="discharge",
)
DARK_DISCHARGE: Final = ReasonType(
    code="dark_discharge",
    side=Side.FOR,
    text="{vessel} may have called at {place} while it was not heard, between {since} and {until}; its "
    "reported draught was {drop:.1f} m less afterwards",
    weight="discharge",
)
SIGHTED_DISCHARGE: Final = ReasonType(
    code="sighted_discharge",
    side=Side.FOR,
    text="{vessel} was seen at {place} by others on {when}, while it was not heard",
    weight="discharge",
)
DISCHARGED: Final = ReasonType(
    code="discharged",
    side=Side.FOR,
    text="{vessel} reported {drop:.1f} m less draught after its call at {place}",
    weight="discharged",
    thresholds=("draught_metres",),
    unit="m",
    hypotheses=(Hypothesis.TRADE,),
)
FLAG: Final = ReasonType(code="flag", side=Side.FOR, text="the flag of {vessel} is {value}", weight="flag")
UNKNOWN_SOURCE: Final = ReasonType(
    code="unknown_source",
    side=Side.AGAINST,
    text="where {vessel} had its cargo from, and whether it had any, is not known",
    weight="unknown_source",
)
WEAK_SOURCE: Final = ReasonType(
    code="weak_source",
    side=Side.AGAINST,
    text="no call at an oil berth of {place} was seen",
    weight="weak_source",
    hypotheses=(Hypothesis.TRADE,),
)
ROADS_ONLY: Final = ReasonType(
    code="roads_only",
    side=Side.AGAINST,
    text="{vessel} was seen at no berth of {place}",
    weight="roads_only",
    hypotheses=(Hypothesis.WAITING,),
)
NOT_TANKER: Final = ReasonType(
    code="not_tanker",
    side=Side.AGAINST,
    text="{vessel} has not reported the ship type of a tanker",
    weight="not_tanker",
    hypotheses=(Hypothesis.TRADE,),
)
POSSIBLE_END: Final = ReasonType(
    code="possible_end",
    side=Side.AGAINST,
    text="the call at its end was not seen; {vessel} may have been elsewhere",
    weight="possible_end",
    hypotheses=(Hypothesis.TRADE,),
)
POSSIBLE_ONLY: Final = ReasonType(
    code="possible_only",
    side=Side.AGAINST,
    text="neither the call at its source nor the one at its end was seen",
    weight="possible_only",
)
DRAUGHT_AGAINST: Final = ReasonType(
    code="draught_against",
    side=Side.AGAINST,
    text="the draught that {vessel} reports changed by {value:+.1f} m {when}, against the suspected cargo",
    weight="draught_against",
    thresholds=("draught_metres",),
    unit="m",
    hypotheses=(Hypothesis.TRADE,),
)
OTHER_CALL: Final = ReasonType(
    code="other_call",
    side=Side.AGAINST,
    text="{vessel} called at {place} in between, where it may have landed the cargo",
    weight="other_call",
    hypotheses=(Hypothesis.TRADE,),
)
SEVERAL: Final = ReasonType(
    code="several",
    side=Side.AGAINST,
    text="{count} vessels may have the oil, or part of it",
    weight="several",
)
WEAK_TRANSFER: Final = ReasonType(
    code="weak_transfer",
    side=Side.AGAINST,
    text="{giver} and {receiver} met only in a `possible` encounter, and no draught says that oil passed",
    weight="weak_transfer",
    hypotheses=(Hypothesis.TRADE,),
)
NOT_ARRIVED: Final = ReasonType(
    code="not_arrived",
    side=Side.AGAINST,
    text="no call at a North Korean port is known of a vessel that may have the oil",
    weight="not_arrived",
    hypotheses=(Hypothesis.TRADE,),
)
UNLINKED: Final = ReasonType(
    code="unlinked",
    side=Side.RETRACTION,
    text="by what is known now its legs are not linked any more",
    weight="retraction",
)
MERGED: Final = ReasonType(
    code="merged",
    side=Side.RETRACTION,
    text="its legs belong to the chain {id}",
    weight="retraction",
)

LEVELS: Final = (
    LevelRule("linked", Effect.POSSIBLE, "two linked legs, one of them an end"),
    LevelRule(
        "both_ends",
        Effect.PROBABLE,
        "a call at the source and one at a North Korean port, each seen or possible",
    ),
    LevelRule(
        "named",
        Effect.PROBABLE,
        "one end, a transfer, and a listed or North Korean vessel on the way, and every transfer is in a "
        "`probable` encounter or shown by a draught",
    ),
    LevelRule("weak_source", Effect.LIMIT, "at the source no oil berth was seen"),
    LevelRule(
        "weak_transfer",
        Effect.LIMIT,
        "a transfer is no more than a `possible` encounter, and no draught changed by `draught_metres`",
    ),
    LevelRule("not_tanker", Effect.LIMIT, "the last vessel is no tanker by its type"),
    LevelRule("possible_end", Effect.LIMIT, "the call at its end was not seen"),
    LevelRule("possible_only", Effect.LIMIT, "neither end was seen"),
    LevelRule(
        "doubtful_end",
        Effect.BAR,
        "the call at its end was not seen and is itself only `possible`, and `named` does not hold",
    ),
    WEAK_RULE,
    LevelRule("listed", Effect.EXCEPTION, "a vessel on the way is listed, or of North Korean flag"),
)
REASONS: Final = ReasonTable(
    EventType.CHAIN,
    ChainSettings(),
    (
        *(LOAD, DARK_LOAD, SIGHTED_LOAD, LOADED, TRANSFER, RENUMBERED, DISCHARGE, DARK_DISCHARGE),
        *(SIGHTED_DISCHARGE, DISCHARGED, *LISTING, FLAG),
        *(UNKNOWN_SOURCE, WEAK_SOURCE, ROADS_ONLY, WEAK_TRANSFER, NOT_TANKER, POSSIBLE_END, POSSIBLE_ONLY),
        *(DRAUGHT_AGAINST, OTHER_CALL, SEVERAL, NOT_ARRIVED, SHARED_MMSI, DOUBTFUL_MMSI, OFF_TRACK, LEAPT),
        WEAK_MATCH,
        *(UNLINKED, MERGED),
    ),
    LEVELS,
)
