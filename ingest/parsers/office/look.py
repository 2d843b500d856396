"""How office files show some text, as far as it tells whether anybody sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """What properties say of a text; None where they leave it to what is below or around."""

    is_off: bool | None = None
    """Switched off, so that it is not shown."""
    is_white: bool | None = None
    """Of the colour of paper."""
    is_tiny: bool | None = None
    """Too small to be read."""
    has_ground: bool = False
    """On something coloured, where white is seen."""

    @property
    def is_hidden(self) -> bool:
        """True when nobody sees such a text."""
        return bool(self.is_off or self.is_tiny or (self.is_white and not self.has_ground))

    def over(self, below: Look) -> Look:
        """This look on top of that of a style, or inside that of what holds it."""
        return Look(
            is_off=below.is_off if self.is_off is None else self.is_off,
            is_white=below.is_white if self.is_white is None else self.is_white,
            is_tiny=below.is_tiny if self.is_tiny is None else self.is_tiny,
            has_ground=self.has_ground or below.has_ground,
        )


PLAIN = Look()
"""Says nothing."""
