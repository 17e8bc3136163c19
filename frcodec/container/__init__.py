"""The .frc file: sections, index and skeleton, each written next to where it is read (spec section "File")."""
