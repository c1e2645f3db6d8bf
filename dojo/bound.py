"""A pytest plugin, by whose import a run ends with the process that started it.

As ``-p dojo.bound`` it comes before what takes long to import.
"""

from __future__ import annotations

import os

from dojo.isolation import STARTER, die_with_parent

die_with_parent(int(os.environ[STARTER]) if STARTER in os.environ else None)
