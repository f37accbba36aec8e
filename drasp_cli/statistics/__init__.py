"""How sure a ranking is: intervals of means, tests of differences, groups, and how many clips more would tell.

    per clip: cluster, system, score -> Cells -> Influence -> draws of the means -> intervals
                                                           -> paired tests -> Holm -> groups, clips needed

A cluster is what is drawn together: the clips that share a prompt, or one clip alone. Everything here is about one
axis, knows no names, and depends on the scores alone, not on the order of rows.
"""
