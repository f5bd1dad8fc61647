"""Records and arrays as pictures: what the panes and the film strip show, cards of branches, heat-maps, still pictures
and films as files. No Qt here; of the window only words, episodes, records and messages are known.
"""
