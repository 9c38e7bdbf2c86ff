"""The button that makes of a lesson what can be handed in."""

from __future__ import annotations

from digits_core.lessons.learners import Learner
from digits_core.lessons.lesson import Lesson


def offer_hand_in(lesson: Lesson, learner: Learner) -> None:
    """Draw the button that hands in what this learner answered in a lesson; nothing before there is a way to do so."""
