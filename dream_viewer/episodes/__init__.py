"""Episodes as the window keeps them: their Moments and series, the place of the cursor in them, what is known of their
futures, returns and dream horizons, within a budget of memory. No Qt here; of the window only messages and playback
are known.
"""
