"""Fault tools: storage that hangs, fails or vanishes, and processes that are killed.

All of it is real: mounts in a namespace of our own, a file system that obeys its orders, SIGKILL.
Where the machine doesn't permit that, tests skip and say why.
"""
