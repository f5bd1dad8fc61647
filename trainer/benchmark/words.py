"""The benchmark's report as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trainer.benchmark.playing import BRANCHES, HORIZON
from trainer.benchmark.updates import HASHED_UPDATES
from trainer.machine import BUSY_CORES


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """The report for people, the other load in the machine last."""
    machine, train, env, replay = report["machine"], report["train"], report["env"], report["replay"]
    parts = ", ".join(
        f"{name} {seconds:.3f} ({100 * train['shares'][name]:.0f} %)" for name, seconds in train["parts"].items()
    )
    return [
        f"{machine['processor']}, {machine['device']} {machine['dtype']}, {report['settings']['kernels']} kernels, "
        f"{machine['threads']} of {machine['cores']} cores, "
        f"matrix products {machine['matrix_gflops_per_second']:,.0f} GFLOP/s, "
        f"memory {machine['memory_gb_per_second']:,.0f} GB/s",
        f"train {report['preset']}, batch {report['batch_size']}x{report['batch_length']}, "
        f"{train['parameters']:,} parameters: {train['seconds_per_update']:.3f} s an update "
        f"({train['fastest_update']:.3f} to {train['slowest_update']:.3f} over {train['updates_timed']}), "
        f"{train['frames_per_second']:,.0f} replayed frames/s, peak memory {_gigabytes(train['peak_memory_gb'])}",
        f"floor {train['floor_seconds']:.3f} s ({train['update_gflop']:,.0f} GFLOP), ratio {train['floor_ratio']:.2f}; "
        f"memory's {train['traffic_seconds']:.3f} s ({train['update_gb']:.1f} GB), ratio {train['traffic_ratio']:.2f}",
        f"seconds per update: {parts}",
        f"collection, sampling and logging {100 * train['overhead_share']:.1f} % of training at {report['num_envs']} "
        f"envs; {report['start']['first_update_seconds']:.1f} s from start to first update",
        f"env {env['steps_per_second']:,.0f} steps/s alone, {env['play_steps_per_second']:,.0f} with the policy; "
        f"replay takes {replay['added_per_second']:,.0f}, gives {replay['sampled_per_second']:,.0f} and "
        f"writes back {replay['written_back_per_second']:,.0f} steps/s",
        f"one frame read {report['inference']['frame_ms']:.1f} ms "
        f"({report['inference']['frame_ms_one_thread']:.1f} ms with one thread), "
        f"{BRANCHES} branches x {HORIZON} steps imagined {report['imagination']['ms']:.0f} ms",
        f"parameters after {HASHED_UPDATES} updates at seed {report['seed']}: {train['hash_after_5_updates']}",
        *_growth_lines(report.get("growth", {})),
        *_peer_lines(report.get("peers", [])),
        _load_line(machine["foreign_cores"]),
    ]


def _growth_lines(growth: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for axis, points in growth.items():
        yield f"{axis:>12} {'s/update':>10} {'frames/s':>10} {'to floor':>10}"
        for point in points:
            yield (
                f"{point['value']:>12} {point['seconds']:>10.3f} {point['frames_per_second']:>10,.0f} "
                f"{point['floor_ratio']:>10.2f}"
            )


def _peer_lines(peers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for peer in peers:
        what = f"{peer['peer']} {peer['variant']} ({peer['dtype']})"
        if "failed" in peer:
            yield f"{what}: gave up ({peer['failed']})"
            continue
        yield (
            f"{what}, version {peer['version']}: {peer['seconds']:.3f} s an update, ours {peer['our_seconds']:.3f} s "
            f"beside it: ours is {peer['ratio']:.2f}x as fast; {peer['gflop']:,.0f} GFLOP an update, ours "
            f"{peer['our_gflop']:,.0f}: {peer['ratio_per_flop']:.2f}x as fast for the same arithmetic; "
            f"peak memory {_gigabytes(peer['peak_memory_gb'])}{_distrust(peer['foreign_cores'])}"
        )
        if peer["differs"]:
            yield f"    differs: {'; '.join(peer['differs'])}"


def _gigabytes(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f} GB"


def _distrust(foreign: float | None) -> str:
    return f"; NOT TO BE TRUSTED: {foreign:.1f} cores were busy elsewhere" if (foreign or 0) > BUSY_CORES else ""


def _load_line(foreign: float | None) -> str:
    if foreign is None:
        return "other load: this system does not tell"
    if foreign > BUSY_CORES:
        return f"NOT TO BE TRUSTED: something else kept {foreign:.1f} cores busy meanwhile; end it and try again"
    return f"other load meanwhile: {foreign:.2f} cores"
