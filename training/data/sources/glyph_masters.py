"""Draw large digits 0-9 in the fonts that matplotlib ships."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from training.data.errors import SourceError

if TYPE_CHECKING:
    import numpy as np

MASTER_SIZE = 56
"""Side of a master in pixels: twice the side of the finished picture, so that a warp has detail to sample."""

_DIGIT_SIZE = 40
_FONT_SIZE = 160

# These fonts of matplotlib draw 0-9 as upright or italic digits. The others hold only symbols or brackets, except
# cmmi10, whose old-style 0 and 1 look like letters. Bold faces get thin strokes only, because the holes of 8 and 9
# would close.
_LIGHT = (
    *("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-Oblique"),
    *("DejaVuSerif", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralItalic"),
    *("cmr10", "cmss10", "cmti10", "cmtt10"),
)
_BOLD = (
    *("DejaVuSans-Bold", "DejaVuSans-BoldOblique", "DejaVuSansMono-Bold", "DejaVuSansMono-BoldOblique"),
    *("DejaVuSerif-Bold", "DejaVuSerif-BoldItalic", "STIXGeneralBol", "STIXGeneralBolIta", "cmb10"),
)
_LIGHT_STROKES = (0, 2, 4, 6)
_BOLD_STROKES = (0, 1)


def draw_masters() -> np.ndarray:
    """Draw every digit in every font and stroke width, white on black, centred.

    Returns:
        uint8 [styles, 10, 56, 56], in a fixed order.

    Raises:
        SourceError: matplotlib or one of its fonts is missing.
    """
    import numpy as np

    folder = _font_folder()
    styles = [(name, stroke) for name in _LIGHT for stroke in _LIGHT_STROKES]
    styles += [(name, stroke) for name in _BOLD for stroke in _BOLD_STROKES]
    return np.stack([_draw_digits(folder / f"{name}.ttf", stroke) for name, stroke in styles])


def _font_folder() -> Path:
    # Importing matplotlib takes longer than drawing the masters; find_spec does not import it.
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise SourceError("The source glyphs draws with matplotlib's fonts: run `pip install matplotlib`.")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


def _draw_digits(path: Path, stroke: int) -> np.ndarray:
    """Return the ten digits of a font, drawn with strokes thickened by `stroke` pixels: uint8 [10, 56, 56]."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    try:
        font = ImageFont.truetype(path, _FONT_SIZE)
    except OSError as error:
        raise SourceError(
            f"The source glyphs needs the font {path}, which cannot be read ({error}): "
            "run `pip install --force-reinstall matplotlib`."
        ) from error
    masters = np.zeros((10, MASTER_SIZE, MASTER_SIZE), np.uint8)
    for digit in range(10):
        canvas = Image.new("L", (2 * _FONT_SIZE, 2 * _FONT_SIZE), 0)
        ImageDraw.Draw(canvas).text(
            (_FONT_SIZE, _FONT_SIZE), str(digit), fill=255, font=font, anchor="mm", stroke_width=stroke
        )
        ink = canvas.crop(canvas.getbbox())
        scale = _DIGIT_SIZE / max(ink.size)
        size = (max(1, round(ink.width * scale)), max(1, round(ink.height * scale)))
        master = Image.new("L", (MASTER_SIZE, MASTER_SIZE), 0)
        master.paste(
            ink.resize(size, Image.Resampling.BOX),
            ((MASTER_SIZE - size[0]) // 2, (MASTER_SIZE - size[1]) // 2),
        )
        masters[digit] = np.asarray(master)
    return masters
