"""Training: a recipe and rated clips to a checkpoint folder. One loop for every predictor.

recipe.py     what a TOML recipe may say
features.py   log-mels of all clips, computed once, clip by clip
examples.py   rated clips and their causes as tensors
teachers.py   the losses: ratings, causes, attributes, matching
loop.py       `fit`: stages, epochs, early stopping, resuming
"""
