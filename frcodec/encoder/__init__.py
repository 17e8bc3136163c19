"""Everything the format does not prescribe: options, plans, steps, transforms, decisions, searches."""
