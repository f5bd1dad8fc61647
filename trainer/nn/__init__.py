"""Building blocks of the networks: layers, fused activations, distributions, optimiser."""
