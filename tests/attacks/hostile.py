"""Hand-made files that break one rule each: name -> (how to make it, code of the error it must give)."""

from __future__ import annotations

from attacks.hostile_framing import FRAMING
from attacks.hostile_packed import PACKED
from attacks.hostile_records import RECORDS
from attacks.hostile_skeletons import SKELETONS
from attacks.hostile_streams import STREAMS
from attacks.hostile_widths import WIDTH_FILES

HOSTILE = {**FRAMING, **PACKED, **RECORDS, **STREAMS, **SKELETONS, **WIDTH_FILES}
"""all of them"""
NOT_GOLDEN = {
    "no_trailer",
    "bytes_behind",
    "length_without_end",
    "index_claims_2_to_63",
    "skeleton_bomb",
    "levels_of_gigabytes",
}
"""those that break several rules, of which other readers may report another one"""
