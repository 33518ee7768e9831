"""Benchmarks: what MediaHub promises about speed and memory, measured (docs/benchmarks.md).

``make bench`` runs them all, ``make bench ONLY=scan`` one; results go to ``build/bench/``. They run
on a database and on files of their own under that folder and touch nothing else.
"""
