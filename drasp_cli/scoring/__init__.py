"""Scoring: clips in, `ClipScore`s out, in the same order.

    clips -decoding.py: threads-> windows -batching.py-> batches -network.py-> scores -pipeline.py-> ClipScore

- pipeline.py: `score_clips`, the whole of it, for one model or several side by side
- decoding.py: clips decoded ahead of the networks, each once
- batching.py: which windows share a batch
- network.py: one checkpoint on its device
- prompt_cache.py: prompts that were read already
- columns.py: which column of a table holds which axis of which model
"""

from drasp_cli.scoring.batching import group_rows as group_rows
from drasp_cli.scoring.columns import SideBySide as SideBySide
from drasp_cli.scoring.columns import side_by_side as side_by_side
from drasp_cli.scoring.pipeline import score_clips as score_clips
