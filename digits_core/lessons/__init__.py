"""Lessons in the app: their cards, and the column that stays next to every page while one is open."""
