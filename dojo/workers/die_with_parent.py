"""A pytest plugin: importing it ends the run of pytest when the process that started it ends.

As ``-p dojo.workers.die_with_parent`` it is imported before all that takes long to import.
"""

from __future__ import annotations

import os

from dojo.workers.lifetime import STARTER, die_with_parent

die_with_parent(int(os.environ[STARTER]) if STARTER in os.environ else None)
