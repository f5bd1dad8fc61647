"""The benchmark as a picture: the parts of an update, how its time grows, and what others need for it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.errors import UserError
from trainer.jsonfile import check_target
from trainer.safe_writing import write_safely

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 5.0, 3.5  # inches of a panel
_COLUMNS = 3
_LABELS = {
    "batch_size": "sequences a batch",
    "batch_length": "steps a sequence",
    "imagination": "imagined steps",
    "preset": "model size",
}


def check_plot(path: Path) -> None:
    """Refuse a picture that could not be drawn later.

    Raises:
        UserError: matplotlib is missing, the name is no PNG's, or the file cannot be written.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UserError("--plot draws with matplotlib, which is not installed: pip install 'dream-agent[bench]'.")
    if path.suffix.lower() != ".png":
        raise UserError(f"{path}: the plot is a PNG; give a name that ends in .png.")
    check_target(path)


def write_plot(path: Path, report: Mapping[str, Any]) -> None:
    """Draw a report of :func:`trainer.benchmark.run_benchmark`; `path` is written whole or not at all."""
    from matplotlib.figure import Figure

    growth: Mapping[str, Sequence[Mapping[str, Any]]] = report.get("growth", {})
    peers = [peer for peer in report.get("peers", []) if "failed" not in peer]
    panels = 1 + len(growth) + bool(peers)
    columns = min(panels, _COLUMNS)
    rows = -(-panels // columns)
    figure = Figure(figsize=(_WIDTH * columns, _HEIGHT * rows), layout="constrained")
    axes = iter(figure.subplots(rows, columns, squeeze=False).flat)
    machine = report["machine"]
    figure.suptitle(f"{machine['processor']}, {machine['device']} {machine['dtype']}, threads: {machine['threads']}")
    _draw_parts(next(axes), report)
    for axis, points in growth.items():
        _draw_growth(next(axes), axis, points)
    if peers:
        _draw_peers(next(axes), peers)
    for unused in axes:
        unused.set_axis_off()
    write_safely(path, lambda temporary: figure.savefig(temporary, format="png", dpi=120))


def _draw_parts(axes: Axes, report: Mapping[str, Any]) -> None:
    train = report["train"]
    names = list(train["parts"])
    axes.barh(names, [train["parts"][name] for name in names])
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel("seconds an update")
    axes.set_title(
        f"{report['preset']}, {report['batch_size']}x{report['batch_length']}: {train['seconds_per_update']:.2f} s, "
        f"{train['floor_ratio']:.2f}x the floor",
        fontsize=9,
    )


def _draw_growth(axes: Axes, axis: str, points: Sequence[Mapping[str, Any]]) -> None:
    values = [point["value"] for point in points]
    seconds = [point["seconds"] for point in points]
    floors = [point["seconds"] / point["floor_ratio"] for point in points]
    axes.plot(values, seconds, "o-", label="measured")
    axes.plot(values, floors, "k--", linewidth=1, label="arithmetic floor")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(_LABELS[axis])
    axes.set_ylabel("seconds an update")
    axes.legend(fontsize=8)


def _draw_peers(axes: Axes, peers: Sequence[Mapping[str, Any]]) -> None:
    names = [f"{peer['peer']}, {peer['variant']}" for peer in peers]
    bars = axes.barh(names, [peer["ratio"] for peer in peers])
    axes.bar_label(bars, fmt="%.1fx", padding=2)
    axes.margins(x=0.15)  # room for the labels
    axes.axvline(1, color="k", linewidth=1)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel("time an update, ours = 1")
