"""Levels <-> streams: interleaved rANS, static parametric tables chosen by context (spec "Level streams")."""
