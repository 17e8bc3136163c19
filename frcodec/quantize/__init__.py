"""Numbers <-> levels: steps, decisions, and the rounding to an element type (spec section "Reconstruction")."""
