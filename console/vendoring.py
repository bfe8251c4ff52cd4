"""Take the style sheets and scripts of others from npm, without what is not licensed outside of GOV.UK.

``python -m console.vendoring``, for whoever raises a version. What it writes is committed: installing needs no npm.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

VENDORED = Path(__file__).parent / "static" / "vendor"
PACKAGES = {
    "govuk-frontend": "6.6.0",
    "@ministryofjustice/frontend": "11.1.0",
    "idiomorph": "0.8.0",
}
_FILES = {
    "govuk-frontend.css": "govuk-frontend/dist/govuk/govuk-frontend.min.css",
    "govuk-frontend.js": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
    "moj-frontend.css": "@ministryofjustice/frontend/moj/moj-frontend.min.css",
    "idiomorph.js": "idiomorph/dist/idiomorph.esm.js",
}
_NOTICE = re.compile(r"/\*! Copyright \(c\) 2011 by Margaret Calvert.*?\*/", re.DOTALL)
_SOURCE_MAP = re.compile(r"(?:/\*|//)# sourceMappingURL=\S+(?:\s*\*/)?")


def without_what_is_not_ours(css: str) -> str:
    """The style sheet without fonts, crest and pictures of the Crown, and with fonts that every machine has."""
    css = re.sub(r"@font-face\{[^}]*\}", "", _NOTICE.sub("", css))
    css = re.sub(r"GDS Transport,\s*arial,\s*sans-serif", "Helvetica,Arial,sans-serif", css)
    css = re.sub(r"font-family:GDS Transport", "font-family:Helvetica,Arial,sans-serif", css)
    return re.sub(r"url\([\"']?/assets/[^)]*\)", "none", css)


def vendor(into: Path = VENDORED) -> None:
    """Write the files. Raises CalledProcessError where npm cannot have them."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        subprocess.run(["npm", "install", "--silent", "--ignore-scripts", *wanted], cwd=folder, check=True)  # noqa: S607
        modules = Path(folder) / "node_modules"
        for name, source in _FILES.items():
            text = _SOURCE_MAP.sub("", (modules / source).read_text(encoding="utf-8"))
            (into / name).write_text(
                (without_what_is_not_ours(text) if name.endswith(".css") else text).strip() + "\n",
                encoding="utf-8",
            )


if __name__ == "__main__":
    vendor()
    sys.stdout.write(f"Written: {VENDORED}\n")
