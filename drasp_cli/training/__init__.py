"""Training: a recipe and rated clips to a checkpoint folder. One loop for every predictor.

- recipe.py: what a TOML recipe may say
- features.py: log-mels or samples of all clips, computed once, clip by clip
- examples.py: rated clips and their causes as tensors
- batch.py: one step's worth of both
- augment.py: what may change each time a clip is seen
- ahead.py: the next batch, made while the network learns from this one
- worse.py, bands.py: clips made worse, in the mel bands of log-mels
- tokenizer.py: the tokenizer of the training prompts
- hearing.py: the steps from a batch's sound to its scores, for each architecture
- teachers.py: the losses: ratings, order, causes, attributes, matching
- start.py, start_wavlm.py: the weights that training starts from
- state.py: what a run leaves on the disk, so that it can be resumed
- loop.py: `fit`: stages, epochs, early stopping
"""
