"""How fast the window is: pictures a second, gaps and what training and window cost each other, and how soon keys
are answered. It runs the application as a person would, and stands above all of it but the command line.
"""
