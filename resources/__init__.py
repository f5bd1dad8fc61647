"""What ships with the code and is not code: configurations, checkpoints, icons and the style sheet."""
