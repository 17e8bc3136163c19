"""The stages between a tensor and its levels, both directions of each: transform, kept region, trellis, elements."""
