"""The folder of goldens holds whole sets and nothing that no test knows."""

from __future__ import annotations

from tests.golden_support import FOLDER, PARTS, longest_first


def test_golden_files_are_whole_sets_of_known_parts() -> None:
    files = sorted(path.name for path in FOLDER.glob("*.npz"))
    assert files, f"there are no golden files in {FOLDER}"
    sets: dict[str, set[str]] = {}
    for file in files:
        part = next((part for part in longest_first(PARTS) if file.endswith(f"_{part}.npz")), None)
        assert part, f"no test knows {file}"
        sets.setdefault(file.removesuffix(f"_{part}.npz"), set()).add(part)
    for prefix, parts in sets.items():
        assert not set(PARTS) - parts, f"set {prefix} lacks {sorted(set(PARTS) - parts)}"
