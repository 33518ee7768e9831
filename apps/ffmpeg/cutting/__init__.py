"""Cutting files into pieces: planned, written and checked in processes of their own.

``orders`` says what can be asked for, ``runner`` asks, ``child`` answers. The rest runs in the
child only, for it reads files that somebody else may have prepared.
"""
