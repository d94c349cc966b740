"""The pictures of docs/evaluation.md: recall over the share of transmissions removed."""

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")  # before pyplot: no display is needed
mpl.rcParams["svg.hashsalt"] = "tankerwatch"  # the same figures give the same file

from matplotlib import pyplot as plt  # noqa: E402

from tests.scenarios.kinds import REMOVED, Found  # noqa: E402


def draw(conditions: dict[str, dict[str, Found]], path: Path) -> None:
    """Recall of each kind of transfer, and of all with its 95 % interval."""
    names = [name for name in REMOVED if name in conditions]
    removed = [REMOVED[name] for name in names]
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for kind in conditions[names[0]]:
        shares = [conditions[name][kind].recall for name in names]
        recall = [share.number / share.of if share.of else float("nan") for share in shares]
        if kind != "all":
            axes.plot(removed, recall, linewidth=1, alpha=0.6, label=kind)
            continue
        axes.plot(removed, recall, color="black", linewidth=2, label="all, with 95 % interval")
        low, high = zip(*(share.interval() for share in shares), strict=True)
        axes.fill_between(removed, low, high, color="black", alpha=0.15)
    axes.set_xlabel("transmissions removed, per cent")
    axes.set_ylabel("share of true encounters found")
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize=7, ncols=2, loc="lower left")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
