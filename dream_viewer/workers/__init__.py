"""The threads in which models, games and training run; nothing else in the window touches them."""
