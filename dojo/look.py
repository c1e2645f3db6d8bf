"""The colours of the watch screen and the places of its parts."""

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

CSS = """
#where, #verdict, #notice, #aspects, #keys { padding: 0 1; }
#aspects, #verdict, #body { margin-top: 1; }
#body { height: 1fr; scrollbar-size-vertical: 1; }
#result, #task { height: auto; padding: 0 1; scrollbar-size-vertical: 1; }
#notice { color: $warning; min-height: 1; max-height: 3; }

.-wide #body { layout: horizontal; overflow: hidden; }
.-wide #result, .-wide #task { width: 1fr; height: 100%; }
.-wide #task { padding-left: 2; border-left: solid $panel; }

.page { background: $background; padding: 0 1; }
.page VerticalScroll { margin-top: 1; scrollbar-size-vertical: 1; }
.page OptionList { height: 1fr; margin-top: 1; border: none; padding: 0; }
.page OptionList { background: $background; text-wrap: nowrap; text-overflow: ellipsis; }

ModalScreen #keys { dock: bottom; }
Question { align: center middle; }
.question { width: 60; max-width: 90%; height: auto; padding: 1 2; }
.question { background: $panel; border: round $primary; }
"""
