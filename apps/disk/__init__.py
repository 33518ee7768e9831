"""Everything that touches a library's storage and isn't reading media, in children that can be
killed: a disk or share that hangs would hold whoever waits for it. Plain Python.
"""
