"""Pictures, by matplotlib: the optional extra `plot`, imported only when a picture is drawn.

- style.py: how all of them look, and how they are saved
- explanation.py: a clip, and which of its seconds a score leans on
- ranking.py: systems with their intervals, groups and scores
- agreement.py: scores against ratings by people
- segment_sizes.py: agreement with people over the segment size of the pooling
"""
