"""Lessons: guided walks through the pages, written as text, with steps that are checked on what really happened."""
