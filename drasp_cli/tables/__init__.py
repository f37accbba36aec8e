"""Tables of scores: written, resumed, read back, averaged over systems, ranked."""
