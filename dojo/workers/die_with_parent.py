"""A pytest plugin whose import ties a run of pytest to the process that started it.

As ``-p dojo.workers.die_with_parent`` it comes before whatever takes long to import.
"""

from __future__ import annotations

import os

from dojo.workers.lifetime import STARTER, die_with_parent

die_with_parent(int(os.environ[STARTER]) if STARTER in os.environ else None)
