"""Explaining: one clip in, and for each axis which seconds its score leans on.

    Clip -decode, cut-> windows -tower, once each-> frames -pooling, once without each segment-> Explanation
         -decode, cut-> stretches of ten seconds -score each as a clip-> the best and the worst of them

- explainer.py: `explain_clip`, the whole of it
- influence.py: what a window scores without each of its segments
- attention.py: the pooling's own weights, and the shares of its two branches
- stretches.py: the ten seconds that score lowest and highest
- places.py: from frames of a window to seconds of the clip
- explanation.py: what comes back
- formats.py: as CSV, JSON and a label track
"""

from drasp_cli.explaining.explainer import explain_clip as explain_clip
from drasp_cli.explaining.explanation import Branches as Branches
from drasp_cli.explaining.explanation import ClipExplanation as ClipExplanation
from drasp_cli.explaining.explanation import Explanation as Explanation
from drasp_cli.explaining.explanation import ScoredWindow as ScoredWindow
from drasp_cli.explaining.explanation import Segment as Segment
from drasp_cli.explaining.explanation import Span as Span
from drasp_cli.explaining.explanation import Stretches as Stretches
