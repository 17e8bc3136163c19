"""Readers that split model files into entries and a skeleton, and writers for plain dictionaries of tensors."""
