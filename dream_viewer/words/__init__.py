"""Records in plain words: numbers, rewards, levels, landmarks, links, a duel's outcome, and the texts that explain the
window. No Qt here; of the window only episodes, records, messages and playback are known.
"""
