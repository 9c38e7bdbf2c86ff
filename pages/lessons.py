"""Lessons: guided walks through the app, one step at a time."""

from digits_core.dashboard.lessons.cards import show_lessons
from digits_core.dashboard.pages import page_head

page_head("lessons")
show_lessons()
