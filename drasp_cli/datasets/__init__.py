"""Anything that names clips, prompts and ratings -> what the pipeline takes."""
