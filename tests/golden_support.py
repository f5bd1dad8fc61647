"""The reference's numbers: finding them, laying them out for torch, holding ours against them, and keeping account.

A golden file is `<set>_<part>.npz` in the folder that the environment variable GOLDENS names (default: `goldens`
beside this file). Every size is read from its arrays, so any set of any sizes serves.

Each test names the arrays it answers for (`PART.covers(patterns)`) and fails if it leaves one of them untouched;
`PART.check_every_array_is_claimed()` fails for an array that no test answers for. Together: no array of a file can be
overlooked, whichever tests are selected and in whatever order they run.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.config import ModelSize

FOLDER = Path(os.environ.get("GOLDENS") or Path(__file__).parent / "goldens")

PARTS = (
    "agent",
    "agent_grads",
    "decoder",
    "encoder",
    "heads",
    "optimizer",
    "replay_context",
    "returns",
    "rssm_core",
    "rssm_imagine",
    "rssm_observe",
    "slow_init",
)
"""Every part of a complete set."""

TOLERANCE = 5e-4
"""Largest error of a network, loss or gradient: four times what float32 noise makes of ours, a third of what the
smallest mistake makes that was tried on the reference (the norms' eps at 1e-5)."""


def error(got: NDArray[Any], want: NDArray[Any], *, rms_share: float = 0.1, allowance: float = 0.0) -> float:
    """The README's measure: max |got - want| / (|want| + rms_share * rms(want)).

    Args:
        got, want: arrays of one shape. allowance: absolute difference forgiven in every element.

    Returns:
        The largest relative error; infinite for NaN, for another shape, and for a non-zero where all must be 0.
    """
    if got.shape != want.shape:
        return float("inf")
    ours, theirs = got.astype(np.float64), want.astype(np.float64)
    difference = np.maximum(np.abs(ours - theirs) - allowance, 0.0)
    scale = np.abs(theirs) + rms_share * np.sqrt(np.mean(theirs**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0.0, 0.0, difference / scale)
    return float(np.max(np.nan_to_num(ratio, nan=np.inf, posinf=np.inf), initial=0.0))


def to_numpy(value: Tensor | NDArray[Any] | float) -> NDArray[Any]:
    """Ours as an array, whatever it was."""
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    return np.asarray(value)


def torch_layout(name: str, array: NDArray[Any]) -> Tensor:
    """A parameter of the reference in our layout: a convolution's HWIO becomes OIHW, all others stay as they are."""
    if name.endswith("/kernel") and array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(array))


def load_into(module: nn.Module, params: Mapping[str, Tensor], prefix: str) -> None:
    """Give a module the parameters below `prefix`; names and shapes must be exactly the module's own."""
    ours = {name.replace(".", "/"): param for name, param in module.named_parameters()}
    theirs = {name.removeprefix(prefix): value for name, value in params.items() if name.startswith(prefix)}
    assert set(ours) == set(theirs), f"{prefix} names differ: {sorted(set(ours) ^ set(theirs))}"
    with torch.no_grad():
        for name, param in ours.items():
            assert param.shape == theirs[name].shape, f"{prefix}{name}: {param.shape}, must be {theirs[name].shape}"
            param.copy_(theirs[name])


class Golden:
    """One golden file that remembers which of its arrays were looked at.

    Attributes:
        path: the file. keys: names of all its arrays. touched: names of those read or compared so far.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            pytest.fail(f"There is no golden file {path}; a set has one of each of: {', '.join(PARTS)}.")
        self.path = path
        self.touched: set[str] = set()
        self._arrays = np.load(path, allow_pickle=False)
        self.keys: list[str] = list(self._arrays.files)

    def __getitem__(self, key: str) -> NDArray[Any]:
        array: NDArray[Any] = self._arrays[key]
        self.touched.add(key)
        return array

    def matching(self, pattern: str) -> list[str]:
        """Names of the arrays that fit a shell pattern, whose `*` also stands for slashes."""
        return fnmatch.filter(self.keys, pattern)

    def sibling(self, part: str) -> Golden:
        """Another part of the same set."""
        prefix = next(self.path.name.removesuffix(f"{name}.npz") for name in longest_first(PARTS) if self._is(name))
        return Golden(self.path.with_name(f"{prefix}{part}.npz"))

    def _is(self, part: str) -> bool:
        return self.path.name.endswith(f"_{part}.npz")

    def tensor(self, key: str) -> Tensor:
        """An array as a tensor; int32 as int64, which torch indexes with."""
        array = self[key]
        return torch.from_numpy(array.astype(np.int64) if array.dtype == np.int32 else array)

    def classes(self, key: str) -> Tensor:
        """One-hot latents (..., S, C) as class indices (..., S) int64; fails where they are not one-hot."""
        onehot = self[key]
        assert ((onehot == 0) | (onehot == 1)).all(), f"{key} is not one-hot"
        assert (onehot.sum(-1) == 1).all(), f"{key} is not one-hot"
        return torch.from_numpy(onehot.argmax(-1))

    def params(self, prefix: str = "params/") -> dict[str, Tensor]:
        """The parameters under a prefix, by official name, in torch's layout."""
        keys = [key for key in self.keys if key.startswith(prefix)]
        return {key.removeprefix(prefix): torch_layout(key, self[key]) for key in keys}

    def check(
        self,
        key: str,
        got: Tensor | NDArray[Any] | float,
        tolerance: float = TOLERANCE,
        *,
        rms_share: float = 0.1,
        allowance: float = 0.0,
    ) -> None:
        """Hold one of ours against the array `key`; integers and booleans must be equal."""
        want, ours = self[key], to_numpy(got)
        assert ours.shape == want.shape, f"{self.path.name} {key}: shape {ours.shape}, must be {want.shape}"
        if want.dtype.kind in "biu":
            wrong = int((ours != want).sum())
            assert wrong == 0, f"{self.path.name} {key}: {wrong} of {want.size} elements differ"
            return
        found = error(ours, want, rms_share=rms_share, allowance=allowance)
        assert found <= tolerance, f"{self.path.name} {key}: error {found:.2e}, allowed {tolerance:.0e}"

    def check_params(self, prefix: str, got: Mapping[str, Tensor], tolerance: float = TOLERANCE, **how: float) -> None:
        """Hold tensors in torch's layout against all arrays under a prefix; the names must be the same set."""
        want = self.params(prefix)
        assert set(want) == set(got), f"{prefix}: names differ: {sorted(set(want) ^ set(got))}"
        errors = {name: error(to_numpy(got[name]), want[name].numpy(), **how) for name in want}
        wrong = {name: f"{found:.2e}" for name, found in errors.items() if found > tolerance}
        assert not wrong, f"{self.path.name} {prefix}: above {tolerance:.0e}: {wrong}"


def longest_first(names: Iterable[str]) -> list[str]:
    """Names, those first that could contain another at their end."""
    return sorted(names, key=len, reverse=True)


class Part:
    """A part of the goldens and the tests that answer for its arrays."""

    def __init__(self, name: str) -> None:
        if name not in PARTS:
            raise ValueError(f"{name} is no part of the goldens")
        self.name = name
        self._claims: list[str] = []

    def paths(self) -> list[Path]:
        """This part's file in every set of the folder; where there is none, a path that fails every test of it."""
        return sorted(FOLDER.glob(f"*_{self.name}.npz")) or [FOLDER / f"missing_{self.name}.npz"]

    def covers(self, *patterns: str) -> Callable[[Callable[[Golden], None]], Callable[[Path], None]]:
        """Give a test the part's file, once per set; it fails if it leaves an array of the patterns untouched."""
        self._claims += patterns

        def decorate(test: Callable[[Golden], None]) -> Callable[[Path], None]:
            def checked(path: Path) -> None:
                _require_float32()
                golden = Golden(path)
                test(golden)
                claimed = {key for pattern in patterns for key in golden.matching(pattern)}
                untouched = sorted(claimed - golden.touched)
                assert not untouched, f"{path.name}: never touched: {untouched}"

            for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
                setattr(checked, attribute, getattr(test, attribute))
            return pytest.mark.parametrize("path", self.paths(), ids=lambda path: path.stem)(checked)

        return decorate

    def check_every_array_is_claimed(self) -> None:
        """Fail if a file is missing, if no test answers for an array, or if a claim fits none."""
        for path in self.paths():
            golden = Golden(path)
            fitting = {pattern: set(golden.matching(pattern)) for pattern in self._claims}
            assert all(fitting.values()), f"{path.name} has no arrays {[p for p in fitting if not fitting[p]]}"
            unclaimed = sorted(set(golden.keys).difference(*fitting.values()))
            assert not unclaimed, f"{path.name}: no test answers for {unclaimed}"


def size_of(params: Mapping[str, Tensor], stoch: tuple[int, ...] | None = None) -> ModelSize:
    """The model's widths as parameters in our layout tell them; widths of parts that are not there are 1.

    Args:
        params: by official name, of one or several parts. stoch: shape (..., S, C) of an array of latents, for the
            parts whose parameters only tell S * C.
    """
    latents, classes = stoch[-2:] if stoch else (1, 1)
    mults, depth = _channels(params)
    blocks, deter, units = 1, 1, 1
    for name in ("dyn/dyngru/kernel", "dec/sp0/kernel"):
        if name in params:
            blocks, deter = params[name].shape[0], params[name].shape[0] * params[name].shape[1]
    if "dec/sp1/bias" in params:
        units = params["dec/sp1/bias"].shape[0] // 2
    if "rew/mlp/linear0/kernel" in params:
        feat, units = params["rew/mlp/linear0/kernel"].shape
        deter = feat - latents * classes
    hidden = params["dyn/dynin0/bias"].shape[0] if "dyn/dynin0/bias" in params else 1
    return ModelSize(deter, hidden, classes, depth, units, latents, blocks, mults)


def _channels(params: Mapping[str, Tensor]) -> tuple[tuple[int, ...], int]:
    """Channel multipliers and depth of the convolutions, from the encoder's or else from the decoder's."""
    count = sum(re.fullmatch(r"enc/cnn\d+/bias", name) is not None for name in params)
    if count:
        channels = [params[f"enc/cnn{i}/bias"].shape[0] for i in range(count)]
    else:
        count = sum(re.fullmatch(r"dec/conv\d+/bias", name) is not None for name in params)
        if not count:
            return (1,), 1
        channels = [params[f"dec/conv{i}/bias"].shape[0] for i in range(count)]
        channels.append(params["dec/spnorm/scale"].shape[0])
    depth = int(np.gcd.reduce(channels))
    return tuple(channel // depth for channel in channels), depth


def _require_float32() -> None:
    """The goldens are float32: fail where torch computes with fewer bits."""
    assert torch.get_default_dtype() == torch.float32
    assert torch.get_float32_matmul_precision() == "highest", "the goldens need float32 products of full precision"
