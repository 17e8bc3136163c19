"""One stage of decoding a file, both directions: tensors, coefficients, kept regions, points, elements."""
