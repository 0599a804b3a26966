"""Daylight: from a leaked archive to evidence."""
