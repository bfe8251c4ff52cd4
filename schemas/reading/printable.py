"""Which characters of a text can be kept and shown."""

import re

UNKEEPABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but for line ends and tabs, and the halves of characters beyond the basic plane."""
