"""The image decoder and its loss against the reference's."""

from __future__ import annotations

import pytest
import torch

from tests.golden_support import Golden, Part, load_into, size_of
from trainer.world_model.decoder import Decoder

pytestmark = pytest.mark.usefixtures("kernels")

DECODER = Part("decoder")


@DECODER.covers("*")
def test_golden_decoder_means_and_loss(golden: Golden) -> None:
    params, stoch = golden.params(), golden.tensor("stoch")
    decoder = Decoder(size_of(params, tuple(stoch.shape)), torch.Generator())
    load_into(decoder, params, "dec/")
    deter, target = golden.tensor("deter"), golden.tensor("target")
    batch = deter.shape[:2]
    inputs = deter.flatten(0, 1), stoch.flatten(2).flatten(0, 1)
    golden.check("mean", decoder(*inputs).unflatten(0, batch))
    golden.check("loss", decoder.loss(*inputs, target.flatten(0, 1)).unflatten(0, batch))


def test_golden_decoder_every_array_is_answered_for() -> None:
    DECODER.check_every_array_is_claimed()
