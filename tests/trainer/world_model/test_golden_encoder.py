"""The image encoder against the reference's."""

from __future__ import annotations

import pytest
import torch

from tests.golden_support import Golden, Part, load_into, size_of
from trainer.world_model.encoder import Encoder

pytestmark = pytest.mark.usefixtures("kernels")

ENCODER = Part("encoder")


@ENCODER.covers("*")
def test_golden_encoder_tokens(golden: Golden) -> None:
    params = golden.params()
    encoder = Encoder(size_of(params), torch.Generator())
    load_into(encoder, params, "enc/")
    image = golden.tensor("image")
    tokens = encoder(image.flatten(0, 1)).unflatten(0, image.shape[:2])
    assert tokens.shape[-1] == encoder.tokens
    golden.check("tokens", tokens)


def test_golden_encoder_every_array_is_answered_for() -> None:
    ENCODER.check_every_array_is_claimed()
