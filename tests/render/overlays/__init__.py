"""Random trees of bases, overlays and components, in which features meet as nobody thought of."""
