"""Zip archives, read and written byte for byte."""
