"""DreamerV3 on Procgen, without Qt: environments, world model, agent, training, evaluation."""
