"""What strangers may put in a name, and an event full of it."""

from typing import Final

import msgspec

from models.event import Event, FenceRelation, Reason
from models.vessel import WatchlistHit
from tests.streams.factories import event

TEXTS: Final = (
    "</script><script>alert(1)</script>",
    "<![CDATA[ ]]> --> <!-- &amp; &#39;",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://x","y")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "＝1+1",
    "\t=1",
    " =1",
    "\r\n=1\r\n\r\ndata: {}\n\nevent: reset",
    "\u202egnp.exe\u2066\u200f",
    "\x1b[2J\x1b]0;x\x07\x00\x7f",
    "\ufeff=1",
    "\u2028\u2029\x85",
    "a,b;c\t'd' \"e\"",
    "\ud800",
)


def named(text: str) -> Event:
    """An event in which every text that can come from strangers is this one."""
    made = event()
    hit = WatchlistHit(text, text, "imo")
    vessel = msgspec.structs.replace(made.vessel, name=text, callsign=text, watchlists=(hit,))
    return msgspec.structs.replace(
        made,
        vessel=vessel,
        summary=text,
        reasons=(Reason(code="named", text=text, weight=0.1),),
        against=(Reason(code="named", text=text, weight=0.1),),
        geofences=(FenceRelation(id="x", name=text, kind="port"),),
    )
