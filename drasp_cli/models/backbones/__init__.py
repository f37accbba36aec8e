"""Towers: log-mels or token ids to features."""
