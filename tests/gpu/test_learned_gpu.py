"""Training and forward passes of learned preconditioners on a GPU, against the host."""

import numpy as np
import pytest

from resolvent.arrays import to_host
from resolvent.linalg.gallery import lognormal_diffusion
from resolvent.preconditioners.learned import NeuralIF, PreCorrector

SYSTEMS = [lognormal_diffusion((12, 12), sigma=1, rng=seed) for seed in range(6)]


@pytest.mark.parametrize("Model", [NeuralIF, PreCorrector])
def test_training_on_a_gpu_is_that_on_the_host(cp, Model):
    host = Model().fit(SYSTEMS, steps=20, every=10)
    device = Model().fit(SYSTEMS, steps=20, every=10, xp=cp)
    for name, weight in device.weights.items():
        # twenty steps of rate 3e-3 amplify rounding a little
        np.testing.assert_allclose(to_host(weight), host.weights[name], rtol=1e-6, atol=1e-8)


def test_weights_trained_on_a_gpu_can_be_saved(cp, tmp_path):
    model = PreCorrector().fit(SYSTEMS, steps=10, every=5, xp=cp)
    model.save(tmp_path / "model.npz")
    loaded = PreCorrector.load(tmp_path / "model.npz")
    M = loaded(SYSTEMS[0])
    assert M.is_spd
