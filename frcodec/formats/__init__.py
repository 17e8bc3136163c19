"""Model files of other formats: to entries and skeletons, and plain dictionaries of tensors written."""
