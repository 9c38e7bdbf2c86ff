"""Lessons in the app: their cards, and the column that stays beside every page while one is open."""
