"""Training: a recipe and rated clips to a checkpoint folder. One loop for every predictor.

- recipe.py: what a TOML recipe may say
- features.py: log-mels of all clips, computed once, clip by clip
- examples.py: rated clips and their causes as tensors
- teachers.py: the losses: ratings, causes, attributes, matching
- start.py: the weights that training starts from
- state.py: what a run leaves on the disk, so that it can be resumed
- loop.py: `fit`: stages, epochs, early stopping
"""
