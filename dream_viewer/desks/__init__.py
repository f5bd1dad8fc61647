"""Between session and widgets: a desk, `..._desk`, listens to one part of the session, turns what it holds into records
for its widgets, and carries out what a person does there. Beside the desks lies what several of them share. They may
import all but the main window and what stands above it; one desk seldom knows another.
"""
