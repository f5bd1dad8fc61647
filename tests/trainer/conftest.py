"""No test touches a person's own runs or keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from trainer.nn import fused
from trainer.nn.compiling import CannotCompile


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(params=["compiled", "torch"])
def kernels(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test runs both ways: with kernels compiled for this processor, and in torch's own operations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fused, "_compiled", None)
        try:
            fused.use_compiled(request.param == "compiled")
        except CannotCompile as error:
            pytest.skip(str(error))
        yield
