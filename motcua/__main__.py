"""``python -m motcua`` is the program ``motcua``."""

import sys

from motcua.cli import main

sys.exit(main())
