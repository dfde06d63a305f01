"""ValidatingAdmissionPolicy as the API server judges by it, before anything is sent to one.

``files`` reads a repository's policies, ``compiled`` compiles them, ``court`` judges objects.
"""
