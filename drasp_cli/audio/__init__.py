"""Files to windows: decode to mono, resample, cut. Everything streams."""
