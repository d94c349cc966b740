"""The reference of simulated scenarios: what happens in each, and what the truth is."""

from streams.simulator.scenario import scenarios as all_scenarios
from tests.docs.markdown import page, table


def scenarios() -> str:
    """The page."""
    return page(
        "Scenarios",
        "Every scenario that `tankerwatch simulate` knows. [simulator.md](../simulator.md) says how to use "
        "and write them.",
        table(
            ("scenario", "what happens"),
            [(f"`{name}`", function.__doc__ or "") for name, function in all_scenarios().items()],
        ),
    )
