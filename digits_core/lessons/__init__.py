"""Lessons: guided tours of the pages, written as text, with steps that are checked against what the learner did."""
