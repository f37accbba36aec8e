"""Checkpoints of other programs to checkpoint folders of ours. Each kind has a reader; the rest is shared.

    SRC -find-> path -read: config, tensors in our names-> Original -fill a predictor, exactly-> folder -rename-> OUT

    original.py     what a reader gives, and where SRC is: on this disk or on the Hub
    pickles.py      a file of torch.save, read without running anything in it
    state_dict.py   the tensors in one, by name
    audiobox.py     Meta's audiobox-aesthetics: its folder, or `checkpoint.pt`
    track2.py       the DRASP research code's Track 2: a `save_pretrained` folder, or a bare state dict
    clap.py         LAION-CLAP's towers: a file that holds them, their names and constants
    laion.py        those that LAION published; `drasp_cli.checkpoints.converted` keeps what is made of them
    track1.py       the DRASP research code's Track 1, or the MusicEval baseline: a state dict with these towers in it
    poolings.py     that code's names for the poolings
    fitting.py      which of them a file's tensors could be of
    tokenizer.py    the tokenizer.json that a checkpoint takes along
    writing.py      an Original to OUT, whole or not at all

Another kind is another reader: it says what config and which tensors its files stand for, and checks nothing else.
"""
