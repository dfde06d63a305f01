"""The vocabulary: read this package first, and you know the program.

One sentence is the program, and each word of it has its value here::

    fetch -> Snapshot   verify -> Verified   render -> Rendered   judge -> Verdict
    plan  -> Plan       apply  -> Applied    report -> Report

Everything is frozen and holds only other frozen values, bytes and JSON. Import
the modules, not the names: call sites then read ``refs.ObjectRef``.
"""
