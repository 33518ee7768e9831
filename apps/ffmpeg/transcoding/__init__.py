"""Giving a file another form: what is wanted, what is to be done, the command, and the proof.

``spec`` says what is wanted, ``faults`` whether that can be; ``planning`` compares it with a file;
``commands`` puts a plan into ffmpeg's words; ``running`` does it; ``checking`` proves the outcome.
"""
