"""The script of a component that draws images, preceded by the shared function that puts pixels on a canvas."""

from pathlib import Path

PAINT = (Path(__file__).parent / "pixels.js").read_text(encoding="utf-8")


def with_paint(file: Path) -> str:
    """Return the script in `file` as one module with the function `paintPixels` of `pixels.js`."""
    return PAINT + file.read_text(encoding="utf-8")
