"""The reference of reasons: what each type of event can say for and against itself, and what that counts."""

from models.event import Level, Status
from streams.detection.legend import sentence, tables
from streams.detection.reasons import ReasonTable, ReasonType, Side, measure
from tests.docs.markdown import page, table
from tests.docs.settings import sections

SIDES = {Side.FOR: "for", Side.AGAINST: "against", Side.RETRACTION: "against: taken back"}


def reasons() -> str:
    """The page."""
    parts = [
        "What each type of event can say for and against itself, and what makes its level. The score is the "
        "base, plus the weights of the reasons for, less those of the reasons against. Base, lowest and "
        "highest score depend on the level, so that a `probable` event always has the higher score. "
        "Thresholds and weights are the default [settings](settings.md); `…` stands for what only an event "
        "knows. The weights are judgement; what data say of them is measured in "
        "[weights](../measurements/weights.md).",
    ]
    for one in tables():
        low, high = (one.defaults.weights.scoring(level, Status.OPEN) for level in Level)
        parts += [
            f"## `{one.type}`",
            f"`possible`: base {low.base:.2f}, from {low.floor:.2f} to {low.cap:.2f}. `probable`: base "
            f"{high.base:.2f}, from {high.floor:.2f} to {high.cap:.2f}. Settings: `[{section(one)}]` and "
            f"`[{section(one)}.weights]`.",
            *levels_of(one),
            table(
                ("reason", "counts", "sentence", "threshold", "weight"),
                [row_of(row, one) for row in one.rows],
            ),
        ]
    return page("Reasons", *parts)


def levels_of(one: ReasonTable) -> list[str]:
    """The table of what makes each level, if there is one."""
    rows = [(f"`{rule.code}`", rule.text, rule.effect.value) for rule in one.levels]
    return [table(("condition", "it holds if", "level"), rows)] if rows else []


def section(one: ReasonTable) -> str:
    """The name of the detector's table in a settings file."""
    defaults: object = one.defaults
    return next(name for name, value in sections() if value == defaults)


def row_of(row: ReasonType, one: ReasonTable) -> tuple[str, ...]:
    thresholds = ", ".join(
        f"{measure(one.defaults, name):g} {row.unit} (`{name}`)" for name in row.thresholds
    )
    weight = f"{getattr(one.defaults.weights, row.weight):.2f} (`{row.weight}`)"
    return f"`{row.code}`", SIDES[row.side], sentence(row, one.defaults), thresholds, weight
