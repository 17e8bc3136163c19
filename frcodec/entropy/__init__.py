"""Levels <-> streams: interleaved rANS over lanes, static parametric tables chosen by context (spec section "Streams")."""
