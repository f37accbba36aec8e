"""Checkpoint folders: which there are, how they are loaded and saved, what their cards say."""
