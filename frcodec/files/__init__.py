"""Model files taken apart into a skeleton with holes and the tensors that fill them (spec section "Skeleton")."""
