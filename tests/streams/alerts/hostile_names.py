"""Events whose names come from strangers who mean harm."""

from typing import Final

from models.event import Event, EventType, Reason
from models.vessel import WatchlistHit
from tests.streams.factories import event, met, vessel

NAMES: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "A\r\nBcc: spy@example.org\r\n\r\nHELLO",
    "A\nB\x0bC\x0cD\x1cE\x85F\u2028G\u2029H",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    '=HYPERLINK("http://evil")',
    "\u202eGNP.EXE\u2066",
    "<!channel> @channel @here <@U123>",
    "*bold* _it_ ~no~ `code` [CLICK](HTTP://EVIL)",
    "&lt;b&gt; &amp; &#60;",
    "..\x00/#+/$SYS",
    "{0} %s ${HOME} {event.id}",
    "\ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "replace") + "\U0001f6a2é\u0301",
)


def hostile(name: str) -> Event:
    """An encounter in which every text that can come from outside is this one."""
    first = vessel(
        273_000_001,
        name=name,
        callsign=name,
        watchlists=(WatchlistHit(list=name, entry=name, matched_on="imo"),),
    )
    return event(
        1,
        type=EventType.ENCOUNTER,
        port_visit=None,
        vessel=first,
        encounter=met(vessel(445_000_002, name=name)),
        summary=f"The tanker {name} met the tanker {name}.",
        reasons=(Reason(code="x", text=f"{name} is a tanker", weight=0.1),),
        against=(Reason(code="y", text=f"{name} is at anchor", weight=0.1),),
    )
