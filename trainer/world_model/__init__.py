"""The world model: encoder, recurrent state-space model, decoder, reward and continue heads."""
