"""The colours of the watch screen; the places of its parts are in dojo.tcss."""

from __future__ import annotations

from textual.theme import Theme

WIDE = 110  # columns from which on the task stands beside the result

# Each is near enough to one of the 16 colours that the simplest terminals have.
_BACKGROUND = "#15171c"
_TEXT = "#d5d9e2"
_MUTED = "#8b93a3"
_ACCENT = "#6a95ff"

THEME = Theme(
    name="dojo",
    primary=_ACCENT,
    secondary=_ACCENT,
    accent=_ACCENT,
    success="#6fcf6f",
    warning="#e0b040",
    error="#ef7d7d",
    foreground=_TEXT,
    background=_BACKGROUND,
    surface=_BACKGROUND,
    panel="#1e2128",
    variables={
        "muted": _MUTED,
        "scrollbar": "#333845",
        "scrollbar-background": _BACKGROUND,
        "block-cursor-background": "#262a34",
        "block-cursor-foreground": _TEXT,
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#262a34",
        "block-cursor-blurred-foreground": _TEXT,
        "block-cursor-blurred-text-style": "none",
    },
)
