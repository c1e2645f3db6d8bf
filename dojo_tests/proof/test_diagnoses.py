"""A learner who makes a known mistake can be told which."""

import collections
import json


def test_mistakes_that_no_check_can_tell_apart_share_one_diagnosis(kata, make_table):
    """Else the learner who makes one of them could not be told which."""
    together = collections.defaultdict(set)
    for diagnosis, behaviour in make_table(kata):
        together[json.dumps(behaviour)].add(diagnosis)
    assert [sorted(group) for group in together.values() if len(group) > 1] == []
