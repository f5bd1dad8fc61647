"""The one-pass operations, compiled and in torch's own: against plain torch in float64, and against each other."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.kernels_support import compiled_only
from trainer.config import SIZES
from trainer.nn import blockwise, fused, native
from trainer.nn.categorical import unimix_probs
from trainer.nn.distributions import BINS, twohot_bins
from trainer.nn.fused import gated, norm_silu, picture_error, pool_norm_silu, twohot_loss, twohot_mean
from trainer.nn.layers import Conv, fold_phases, unfold_phases

both_ways = pytest.mark.usefixtures("kernels")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that every operation takes several."""
    monkeypatch.setattr(blockwise, "BLOCK", 64)


def _plain_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    return F.silu(x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-4) * scale)


def _plain_pool_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    frames, height, width, channels = x.shape
    windows = x.view(frames, height // 2, 2, width // 2, 2, channels)
    return _plain_norm_silu(windows.amax((2, 4)), scale)


def _agrees(ours: Callable[..., Tensor], plain: Callable[..., Tensor], *inputs: Tensor) -> None:
    copies = [x.clone() for x in inputs]
    mine = [x.requires_grad_() for x in inputs]
    theirs = [x.double().detach().requires_grad_() for x in inputs]
    got, want = ours(*mine), plain(*theirs)
    torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=1e-5)
    weight = torch.rand(want.shape, generator=torch.Generator().manual_seed(1))
    got_grads = torch.autograd.grad((got * weight).sum(), mine)
    want_grads = torch.autograd.grad((want * weight).sum(), theirs)
    for got_grad, want_grad in zip(got_grads, want_grads, strict=True):
        torch.testing.assert_close(got_grad.double(), want_grad, rtol=1e-4, atol=1e-5)
    for after, before in zip(inputs, copies, strict=True):
        assert torch.equal(after, before), "an input was written over"


def _random(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@both_ways
@pytest.mark.parametrize("width", [12, 16, 300])
def test_norm_silu(width: int) -> None:
    _agrees(norm_silu, _plain_norm_silu, _random(5, 57, width), _random(width))


@both_ways
@pytest.mark.parametrize("width", [6, 8])
def test_pool_norm_silu(width: int) -> None:
    _agrees(pool_norm_silu, _plain_pool_norm_silu, _random(3, 8, 4, width), _random(width))


@both_ways
def test_pooling_shares_the_gradient_of_ties_evenly() -> None:
    """As jnp.max and torch.amax do; max_pool2d would give it all to one pixel. Flat pictures are full of ties."""
    _agrees(pool_norm_silu, _plain_pool_norm_silu, _random(3, 8, 4, 6).round(), _random(6))


@both_ways
def test_pooling_rows_of_several_tiles() -> None:
    _agrees(pool_norm_silu, _plain_pool_norm_silu, _random(2, 4, 64, 96), _random(96))


@both_ways
@pytest.mark.parametrize("layout", ["rows", "blocks", "gaps", "one for all"])
def test_gated(layout: str) -> None:
    """As in the reference, whichever way the gates lie: a GRU's, whose update gate is biased towards the old state."""

    def plain(gates: Tensor, deter: Tensor) -> Tensor:
        reset, candidate, update = gates.unbind(2)
        update = torch.sigmoid(update - 1)
        after = update * torch.tanh(torch.sigmoid(reset) * candidate) + (1 - update) * deter.view(update.shape)
        return after.reshape(deter.shape)

    gates = {
        "rows": _random(7, 4, 3, 10),
        "blocks": _random(4, 7, 3, 10).transpose(0, 1),
        "gaps": _random(7, 2, 4, 3, 10)[:, 0],
        "one for all": _random(1, 4, 3, 10).expand(7, -1, -1, -1),
    }[layout]
    weight = torch.rand(7, 40, generator=torch.Generator().manual_seed(1))
    mine = [gates.requires_grad_(), _random(7, 40).requires_grad_()]
    theirs = [x.detach().double().requires_grad_() for x in mine]
    got, want = gated(*mine), plain(*theirs)
    torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=1e-6)
    grads = [torch.autograd.grad((out * weight).sum(), inputs) for out, inputs in ((got, mine), (want, theirs))]
    for got_grad, want_grad in zip(*grads, strict=True):
        torch.testing.assert_close(got_grad.double(), want_grad, rtol=1e-4, atol=1e-6)


@both_ways
def test_small_and_large_gates() -> None:
    """A candidate next to 0 keeps its digits; gates beyond what an exponential can hold are open or shut."""
    width = 8
    small = torch.linspace(-1e-5, 1e-5, width)
    gates = torch.stack([torch.zeros(width), small, torch.zeros(width)]).view(1, 1, 3, width)
    want = torch.sigmoid(torch.tensor(-1.0)) * torch.tanh(small / 2)
    torch.testing.assert_close(gated(gates, torch.zeros(1, width)), want.view(1, width), rtol=1e-5, atol=0)
    for gate in (-1e4, -200.0, 200.0, 1e4):
        gates = torch.full((1, 1, 3, width), gate)
        want = torch.full((1, width), 1.0 if gate > 0 else 0.5)
        torch.testing.assert_close(gated(gates, torch.full((1, width), 0.5)), want)


@both_ways
def test_silu_from_end_to_end() -> None:
    scale = torch.cat([torch.linspace(-200, 200, 1001), torch.linspace(-1e-3, 1e-3, 11)])
    got = torch.cat([norm_silu(torch.ones(1, 4), each.expand(4))[:, :1] for each in scale]).flatten()
    torch.testing.assert_close(got.double(), F.silu(scale.double() / math.sqrt(1 + 1e-4)), rtol=3e-5, atol=1e-35)


@compiled_only
def test_bfloat16_is_rounded_to_the_nearest_and_halves_to_even() -> None:
    """What is taken from a logit's gradient, where nothing is added, is the number itself."""
    halves = 1 + torch.arange(1, 256, 2) * 2.0**-8  # right between two numbers of bfloat16
    shares = torch.stack([halves, -halves], 1)
    columns = torch.tensor([[0, 1]]).expand(len(halves), 2)
    logits = torch.zeros(len(halves), BINS).bfloat16()
    grad = native.twohot_loss_back(logits, columns, shares, torch.ones(len(halves)))
    assert torch.equal(grad[:, :2], torch.stack([-halves, halves], 1).bfloat16())


@both_ways
@pytest.mark.parametrize("as_view", [False, True])
def test_picture_error(as_view: bool) -> None:
    pictures = torch.randint(0, 256, (5, 8, 12, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    target = fold_phases(pictures) if as_view else fold_phases(pictures).contiguous()

    def plain(logits: Tensor) -> Tensor:
        return (logits.sigmoid() - target / 255).square().flatten(1).sum(1)

    _agrees(lambda logits: picture_error(logits, target), plain, _random(5, 4, 6, 2, 2, 3))


@both_ways
def test_twohot_loss() -> None:
    columns = torch.randint(BINS, (4, 3, 2), generator=torch.Generator().manual_seed(0))
    shares = _random(4, 3, 2).abs()

    def plain(logits: Tensor) -> Tensor:
        target = torch.zeros(logits.shape, dtype=logits.dtype).scatter_add_(-1, columns, shares.to(logits.dtype))
        return -(target * torch.log_softmax(logits, -1)).sum(-1)

    _agrees(lambda logits: twohot_loss(logits, columns, shares), plain, _random(4, 3, BINS).mul(5))


@both_ways
def test_twohot_mean() -> None:
    logits, bins = _random(9, BINS).mul(5), twohot_bins()
    with torch.no_grad():
        want = (torch.softmax(logits.double(), -1) * bins.double()).sum(-1)
        torch.testing.assert_close(twohot_mean(logits, bins).double(), want, rtol=1e-4, atol=1e-2)
        assert twohot_mean(logits + logits.flip(-1), bins).abs().max() == 0, "symmetric logits"


@both_ways
@pytest.mark.parametrize("classes", [4, 15, 16])
def test_draw(classes: int) -> None:
    """Where the noise falls within the cumulative distribution, at its ends, and beyond what rounding leaves of it."""
    logits, noise = _random(300, 8, classes).mul(3), torch.rand(300, 8, generator=torch.Generator().manual_seed(1))
    noise[0], noise[1] = 0.0, math.nextafter(1.0, 0.0)
    drawn = fused.draw(logits, noise)
    cumulative = unimix_probs(logits.double()).cumsum(-1)
    below = torch.cat([torch.zeros(300, 8, 1), cumulative], -1).gather(-1, drawn.unsqueeze(-1)).squeeze(-1)
    above = cumulative.gather(-1, drawn.unsqueeze(-1)).squeeze(-1)
    assert (below <= noise.double() + 1e-6).all() and (noise.double() <= above + 1e-6).all()
    assert drawn.dtype == torch.int64 and (drawn[0] == 0).all() and (drawn[1] == classes - 1).all()


def _widths() -> list[int]:
    sizes = [SIZES[name] for name in ("debug", "1m", "4m", "12m", "25m")]
    return sorted({width for size in sizes for width in (*(size.depth * mult for mult in size.mults), size.units)})


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@compiled_only
def test_the_two_ways_differ_in_the_last_bits_alone(dtype: torch.dtype) -> None:
    """Every operation at every width of the smaller sizes, forward and backward."""
    one_off = {"rtol": 2**-7, "atol": 2**-9} if dtype == torch.bfloat16 else {"rtol": 1e-5, "atol": 1e-5}

    def same(name: str, *inputs: Tensor) -> None:
        got, want = getattr(native, name)(*inputs), getattr(blockwise, name)(*inputs)
        for mine, theirs in zip(*((x if isinstance(x, tuple) else (x,)) for x in (got, want)), strict=True):
            assert mine.dtype == theirs.dtype
            torch.testing.assert_close(mine, theirs, **one_off)
            if mine.dtype == torch.bfloat16:
                assert (mine != theirs).float().mean() < 0.01, "only what lies between two numbers may go either way"

    for width in _widths():
        scale = _random(width).abs() + 0.5
        rows, frames = _random(70, width).to(dtype), _random(3, 8, 8, width).mul(2).to(dtype)
        same("norm_silu", rows, scale)
        same("norm_silu_back", rows, scale, rows.flip(0))
        same("pool_norm_silu", frames, scale)
        same("pool_norm_silu_back", frames, scale, _random(3, 4, 4, width).to(dtype))
    gates, deter = _random(9, 8, 3, 16).to(dtype), _random(9, 128).to(dtype)
    same("gated", gates, deter)
    same("gated_back", gates, deter, deter.flip(0))
    logits = _random(6, 4, BINS).to(dtype)
    columns, shares = torch.randint(BINS, (6, 4, 2)), torch.rand(6, 4, 2)
    same("twohot_mean", logits, torch.linspace(-1, 1, BINS))
    same("twohot_loss", logits, columns, shares)
    same("twohot_loss_back", logits, columns, shares, torch.rand(6, 4))
    same("draw", _random(50, 8, 16).to(dtype), torch.rand(50, 8))


@both_ways
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_not_finite_is_never_made_good(bad: float, dtype: torch.dtype) -> None:
    """An update that went wrong must be seen in its loss or its gradient."""
    broken, scale = _random(4, 4, 4, 8), torch.ones(8)
    broken[1, 2, 3, 4] = bad
    broken = broken.to(dtype).requires_grad_()
    for operation in (norm_silu, pool_norm_silu):
        out = operation(broken, scale)
        (grad,) = torch.autograd.grad(out.float().sum(), broken)
        assert not out[1].isfinite().all() and out[0].isfinite().all()
        assert not grad[1].isfinite().all() and grad[0].isfinite().all()
    nothing = torch.full((1, 2, 2, 8), math.nan).to(dtype).requires_grad_()
    (grad,) = torch.autograd.grad(pool_norm_silu(nothing, scale).float().sum(), nothing)
    assert grad.isnan().all()
    gates = _random(2, 2, 3, 4)
    gates[0, 0, 1, 0] = math.nan
    assert gated(gates.to(dtype), _random(2, 8).to(dtype))[0].isnan().any()
    logits = torch.zeros(2, BINS)
    logits[0, 7] = bad
    columns, shares = torch.zeros(2, 1, dtype=torch.int64), torch.ones(2, 1)
    assert twohot_loss(logits.to(dtype), columns, shares).isfinite().tolist() == [False, True]
    assert twohot_mean(logits.to(dtype), twohot_bins()).isfinite().tolist() == [False, True]
    pictures = torch.zeros(1, 2, 2, 3, dtype=torch.uint8)
    assert picture_error(torch.full((1, 1, 1, 2, 2, 3), math.nan), fold_phases(pictures)).isnan().all()


@compiled_only
def test_compiled_results_do_not_depend_on_the_number_of_threads() -> None:
    rows, frames, scale = _random(3000, 24).bfloat16(), _random(40, 16, 16, 24).bfloat16(), _random(24)
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(
                [
                    native.norm_silu(rows, scale),
                    *native.norm_silu_back(rows, scale, rows.flip(0)),
                    *native.pool_norm_silu_back(frames, scale, _random(40, 8, 8, 24).bfloat16()),
                ]
            )
    finally:
        torch.set_num_threads(before)
    for others in results[1:]:
        assert all(torch.equal(one, other) for one, other in zip(results[0], others, strict=True))


@compiled_only
def test_compiled_results_of_a_row_do_not_depend_on_its_batch() -> None:
    rows, scale, noise = _random(700, 24).bfloat16(), _random(24), torch.rand(700)
    gates, deter, logits = _random(700, 2, 3, 12).bfloat16(), rows, _random(700, BINS).bfloat16()
    whole = native.norm_silu(rows, scale), native.gated(gates, deter), native.draw(rows, noise)
    for part in (slice(0, 1), slice(3, 90), slice(500, 700)):
        alone = (
            native.norm_silu(rows[part], scale),
            native.gated(gates[part], deter[part]),
            native.draw(rows[part], noise[part]),
        )
        assert all(torch.equal(mine, all_of[part]) for mine, all_of in zip(alone, whole, strict=True))
    means = native.twohot_mean(logits, twohot_bins())
    assert torch.equal(native.twohot_mean(logits[9:10], twohot_bins()), means[9:10])


@compiled_only
def test_tensors_that_do_not_fit_each_other_are_refused() -> None:
    """C would read beside them."""
    rows, scale, logits = _random(4, 8), torch.ones(8), _random(4, BINS)
    columns, shares = torch.zeros(4, 1, dtype=torch.int64), torch.ones(4, 1)
    phases, target = torch.zeros(2, 4, 4, 2, 2, 3), torch.zeros(2, 4, 4, 2, 2, 3, dtype=torch.uint8)
    for misfit in (
        lambda: native.norm_silu(rows, torch.ones(7)),
        lambda: native.norm_silu(rows, scale.double()),
        lambda: native.norm_silu_back(rows, scale, rows.bfloat16()),
        lambda: native.pool_norm_silu(_random(1, 3, 4, 8), scale),
        lambda: native.pool_norm_silu_back(_random(1, 4, 4, 8), scale, _random(1, 2, 1, 8)),
        lambda: native.gated(_random(4, 2, 3, 4), rows.bfloat16()),
        lambda: native.gated(_random(4, 2, 3, 4), _random(4, 4)),
        lambda: native.picture_error(phases.bfloat16(), target),
        lambda: native.picture_error(phases, target.float()),
        lambda: native.twohot_mean(_random(4, 100), twohot_bins()),
        lambda: native.twohot_loss(logits, columns.int(), shares),
        lambda: native.twohot_loss_back(logits, columns, shares, torch.ones(3)),
        lambda: native.draw(rows, torch.ones(3)),
        lambda: native.draw(rows, torch.ones(4, dtype=torch.float64)),
    ):
        with pytest.raises(ValueError, match="do not fit each other"):
            misfit()


@compiled_only
def test_whoever_says_how_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.zeros(1, 8)
    monkeypatch.setattr(fused, "_compiled", None)
    assert fused.takes_compiled(x), "they are there, and nobody said anything"
    fused.use_compiled(False)
    assert not fused.takes_compiled(x)
    fused.use_compiled(True)
    assert fused.takes_compiled(x)
    assert not fused.takes_compiled(x.double()) and not fused.takes_compiled(x.to("meta"))


def test_upsampling_by_phases_is_upsampling_and_convolution() -> None:
    conv = Conv(4, 3, torch.Generator().manual_seed(0)).double()
    conv.bias.data = _random(3).double()
    x = _random(2, 6, 5, 4).double()
    phases = conv.upsampled(x)
    upsampled = x.repeat_interleave(2, 1).repeat_interleave(2, 2)
    torch.testing.assert_close(unfold_phases(phases), conv(upsampled), rtol=1e-6, atol=1e-6)
    assert torch.equal(fold_phases(unfold_phases(phases)), phases)
