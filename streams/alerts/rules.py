"""Rules: which events are sent to whom, and when. Read from one TOML file."""

import re
import tomllib
import types
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin

import msgspec

from models.bounds import TOML_BYTES, BoundsError, check_toml, read_bytes
from models.errors import InputError, meant, plainly
from models.event import EventType
from models.event_filter import EventFilter, EventFilterError
from streams.alerts.alert import Revision
from streams.alerts.quiet_hours import Quiet
from streams.alerts.receivers import Email, Mqtt, Receiver, Slack, Webhook

CHANNELS: Final = ("webhook", "email", "slack", "mqtt")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Value = str | int | float
MOST_HOURS: Final = 2_400.0
"""Highest limit of the time left: longer than any chain is followed."""
MOST_SHARE: Final = 10.0
"""Highest share of the cap."""
USUAL: Final = (Revision.NEW, Revision.RAISED, Revision.RETRACTED)
"""The revisions that are reported if a rule does not choose them."""


class Counted(StrEnum):
    """Which deliveries of a year are held against the cap."""

    SEEN = "seen"
    WITH_POSSIBLE = "with_possible"


class RulesError(InputError):
    """A file of rules that can't be used; one sentence for each problem, with rule, key and remedy."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    filter: dict[str, Value | list[Value]] = {}
    """As everywhere: type, level, fence, country, … What an event met once, it need not meet again."""
    revisions: tuple[Revision, ...] | None = None
    """Default: new, raised, retracted. With `time_left_below_hours`: only retractions of chains that were
    reported."""
    time_left_below_hours: float | tuple[float, ...] | None = None
    """Report a chain when the time to its earliest arrival falls below this; once for each limit."""
    cap_share: float | tuple[float, ...] | None = None
    """Report when the deliveries of a year pass this share of the cap; once for each share and year."""
    cap_counts: Counted = Counted.SEEN
    """The deliveries whose middle estimate is held against the cap."""
    quiet: Quiet | None = None
    max_per_hour: int | None = None
    """So many messages within any 60 minutes; the rest comes in a digest when there is room again."""
    webhook: Webhook | None = None
    email: Email | None = None
    slack: Slack | None = None
    mqtt: Mqtt | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name = {self.name!r}: use up to 40 of a-z, 0-9, - and _, a letter or digit first"
            )
        if self.revisions is not None and not self.revisions:
            raise ValueError(f"revisions is empty; valid are {', '.join(Revision)}")
        if self.max_per_hour is not None and not 0 < self.max_per_hour <= 1_000:
            raise ValueError("max_per_hour must be from 1 to 1000")
        given = [name for name in CHANNELS if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"has {' and '.join(given)}" if given else "has none"
            raise ValueError(f"needs one receiver, {found}; give one of {', '.join(CHANNELS)}")
        try:
            selection = self.selection()
        except EventFilterError as error:
            raise ValueError(f"filter.{error}") from None
        if self.time_left_below_hours is not None:
            if self.cap_share is not None:
                raise ValueError("time_left_below_hours and cap_share exclude each other; make two rules")
            _check("time_left_below_hours", self.limits, MOST_HOURS, "hours, like 24 or [72, 24]")
            if selection.types and EventType.CHAIN not in selection.types:
                raise ValueError("time_left_below_hours is about chains; filter.type must have chain")
        if self.cap_share is not None:
            _check("cap_share", self.shares, MOST_SHARE, "shares of the cap, like [0.5, 0.8, 1.0]")
            if self.filter or self.revisions is not None:
                raise ValueError("cap_share counts the whole ledger; leave filter and revisions out")
        elif self.cap_counts is not Counted.SEEN:
            raise ValueError("cap_counts goes with cap_share, which is not given")

    @property
    def reported(self) -> tuple[Revision, ...]:
        """The revisions that are reported."""
        if self.revisions is not None:
            return self.revisions
        return (Revision.RETRACTED,) if self.limits else USUAL

    @property
    def limits(self) -> tuple[float, ...]:
        """Limits of the time left, in hours."""
        return _several(self.time_left_below_hours)

    @property
    def shares(self) -> tuple[float, ...]:
        """Shares of the cap."""
        return _several(self.cap_share)

    @property
    def channel(self) -> str:
        return next(name for name in CHANNELS if getattr(self, name) is not None)

    @property
    def receiver(self) -> Receiver:
        receiver: Receiver = getattr(self, self.channel)
        return receiver

    def selection(self) -> EventFilter:
        return EventFilter.parse({name: [_joined(value)] for name, value in self.filter.items()})


class Rules(msgspec.Struct, frozen=True):
    rules: tuple[Rule, ...]
    page: str = ""
    """Where the feed's page is, for links to events."""

    def named(self, name: str) -> Rule:
        """Raises RulesError."""
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise RulesError(
            f"no rule is named {name!r}; there are {', '.join(rule.name for rule in self.rules)}"
        )


def load(path: Path) -> Rules:
    """Raises RulesError with all problems."""
    try:
        text = read_bytes(path, TOML_BYTES).decode()
        check_toml(text)
        content = tomllib.loads(text)
    except BoundsError as error:
        raise RulesError(f"{path}: {error}") from None
    except OSError as error:
        raise RulesError(
            f"{path}: can't be read ({error.strerror}); `tankerwatch alerts example` prints an example"
        ) from None
    except UnicodeDecodeError:
        raise RulesError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{path}: not valid TOML ({error}); mend that line") from None
    try:
        return read(content)
    except RulesError as error:
        raise RulesError(*(f"{path}: {problem}" for problem in error.problems)) from None


def read(content: Mapping[str, Any]) -> Rules:
    """Raises RulesError."""
    problems = [
        f"unknown key {key!r}; valid at the top are rule and page"
        for key in content
        if key not in ("rule", "page")
    ]
    page, tables = content.get("page", ""), content.get("rule", [])
    if not isinstance(page, str) or (page and not page.startswith(("http://", "https://"))):
        problems.append(f"page = {page!r} is not an address; give one like https://feed.example.org/")
    if not isinstance(tables, list) or not tables:
        problems.append("there are no rules; each begins with [[rule]]")
        tables = []
    rules: dict[str, Rule] = {}
    for number, table in enumerate(tables, 1):
        named = table.get("name") if isinstance(table, dict) else None
        label = f"rule {named!r}" if named else f"rule number {number}"
        try:
            rule = msgspec.convert(table, Rule)
        except msgspec.ValidationError as error:
            problems.append(f"{label}: {explain(str(error), Rule)}")
            continue
        if rule.name in rules:
            problems.append(f"{label}: the name is taken by another rule; choose another one")
        rules[rule.name] = rule
    if problems:
        raise RulesError(*problems)
    return Rules(tuple(rules.values()), page)


def explain(message: str, kind: type) -> str:
    """msgspec's message with the key first, and what is valid in its place."""
    what, _, path = message.partition(" - at `$")
    keys = re.findall(r"[^.\[\]`]+", path)
    place = ".".join(key for key in keys if not key.isdigit() and key != "...")
    parent: Any = kind
    for key in keys:
        parent = _inside(parent, key)
    before = f"{place}: " if place else ""
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        known = _keys(parent)
        return f"{before}unknown key {found[1]!r}{meant(found[1], known)}; valid here are {', '.join(known)}"
    if found := re.fullmatch(r"Object missing required field `(.*)`", what):
        return f"{before}{found[1]} is missing"
    if what.startswith("Invalid enum value"):
        value = what.removeprefix("Invalid enum value ")
        return f"{before}{value} is not valid; choose one of {', '.join(parent)}"
    return before + plainly(what)


def _several(value: float | tuple[float, ...] | None) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _check(name: str, values: tuple[float, ...], most: float, example: str) -> None:
    """Raises ValueError."""
    if not values or len(set(values)) < len(values):
        raise ValueError(f"{name} is empty or names a value twice; give {example}")
    for value in values:
        if not 0 < value <= most:
            raise ValueError(f"{name}: {value:g} is not above 0 and at most {most:g}; give {example}")


def _keys(kind: Any) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _inside(kind: Any, key: str) -> Any:
    """The type of the values under this key of a type."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        kind = next((field.type for field in msgspec.structs.fields(kind) if field.encode_name == key), None)
    elif get_origin(kind) in (tuple, list):
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(one for one in get_args(kind) if one is not type(None))
    return kind


def _joined(value: Value | list[Value]) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
