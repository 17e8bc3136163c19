#include "container/skeleton.h"

#include <string.h>

namespace frc {
namespace {

constexpr Status WRONG = {Code::BAD_SKELETON, "The skeleton of the model file is not an array of its six elements."};
constexpr Status HOLES = {Code::BAD_SKELETON, "The holes of the model file overlap, or do not fit their tensors."};
constexpr Status PATCHES = {Code::BAD_SKELETON, "A patch of the model file is misplaced, or its bytes are not zero."};

}  // namespace

Status Skeleton::read(Bytes payload, const Index &index, uint64_t limit, Pool *pool) {
    Bytes value, text;
    FRC_TRY(unpack(payload, limit, pool, &value));
    Values values(value);
    Numbers hole_numbers, patch_numbers;
    uint64_t elements, checksum;
    if (!values.array(&elements) || elements != 6 || !values.text(&text) || !values.integer(&size) ||
        !values.integer(&checksum) || !hole_numbers.open(&values) || !patch_numbers.open(&values) ||
        !values.binary(&gaps)) {
        return WRONG;
    }
    if (checksum > UINT32_MAX || hole_numbers.count() % 2 || patch_numbers.count() % 2) return WRONG;
    if (size > limit) return {Code::TOO_LARGE, "The model file has more bytes than are allowed."};
    crc = static_cast<uint32_t>(checksum);
    kind = c_string(text, pool);
    if (!kind) return NO_MEMORY;
    FRC_TRY(read_holes(hole_numbers, index, pool));
    return read_patches(patch_numbers, pool);
}

Status Skeleton::read_holes(Numbers numbers, const Index &index, Pool *pool) {
    if (numbers.count() / 2 > index.entry_count) return HOLES;
    hole_count = static_cast<uint32_t>(numbers.count() / 2);
    Hole *all = pool->take<Hole>(hole_count);
    int32_t *of = pool->take<int32_t>(index.entry_count);
    if (!all || !of) return NO_MEMORY;
    holes = all;
    hole_of = of;
    memset(of, -1, index.entry_count * sizeof *of);
    uint64_t end = 0, filled = 0;
    for (uint32_t i = 0; i < hole_count; ++i) {
        const uint64_t offset = end + numbers.next(), entry = numbers.next();
        if (entry >= index.entry_count || of[entry] >= 0) return HOLES;
        const Entry &filler = index.entries[entry];
        if (filler.coding == Coding::VIEW) return HOLES;
        const uint64_t bytes = decoded_bytes(filler.rank, filler.shape, filler.dtype);
        if (bytes == 0 || offset > size || bytes > size - offset) return HOLES;
        all[i] = {offset, bytes, static_cast<uint32_t>(entry)};
        of[entry] = static_cast<int32_t>(i);
        end = offset + bytes;
        filled += bytes;
    }
    return gaps.size == size - filled ? Status{} : HOLES;
}

Status Skeleton::read_patches(Numbers numbers, Pool *pool) {
    if (numbers.count() / 2 > gaps.size / Patch::BYTES) return PATCHES;
    patch_count = static_cast<uint32_t>(numbers.count() / 2);
    Patch *all = pool->take<Patch>(patch_count);
    if (!all) return NO_MEMORY;
    patches = all;
    uint64_t end = 0;
    for (uint32_t i = 0; i < patch_count; ++i) {
        const uint64_t offset = end + numbers.next(), hole = numbers.next();
        if (offset > size || Patch::BYTES > size - offset || hole >= hole_count) return PATCHES;
        all[i] = {offset, static_cast<uint32_t>(hole)};
        end = offset + Patch::BYTES;
    }
    return patches_fit() ? Status{} : PATCHES;
}

/// Patches do not overlap holes, refer to holes up to the next one, and their bytes in the gaps are zero.
bool Skeleton::patches_fit() const {
    uint32_t passed = 0;  // holes that start before the patch ends
    uint64_t filled = 0;  // bytes in them
    for (uint32_t i = 0; i < patch_count; ++i) {
        const Patch &patch = patches[i];
        for (; passed < hole_count && holes[passed].offset < patch.offset + Patch::BYTES; ++passed) {
            filled += holes[passed].bytes;
        }
        if (passed && holes[passed - 1].end() > patch.offset) return false;
        if (passed < hole_count && patch.hole > passed) return false;
        if (load_u32(gaps.data + (patch.offset - filled)) != 0) return false;
    }
    return true;
}

SkeletonWalk::Piece SkeletonWalk::next() {
    const uint64_t hole = hole_ < skeleton_.hole_count ? skeleton_.holes[hole_].offset : skeleton_.size;
    const uint64_t patch = patch_ < skeleton_.patch_count ? skeleton_.patches[patch_].offset : skeleton_.size;
    const uint64_t border = hole < patch ? hole : patch;
    offset = at_;
    if (at_ < border) {
        gap = {skeleton_.gaps.data + gap_bytes_, static_cast<size_t>(border - at_)};
        gap_bytes_ += gap.size;
        at_ = border;
        return Piece::GAP;
    }
    if (at_ == skeleton_.size) return Piece::END;
    if (hole <= patch) {
        number = hole_++;
        at_ = skeleton_.holes[number].end();
        return Piece::HOLE;
    }
    number = patch_++;
    gap_bytes_ += Patch::BYTES;
    at_ += Patch::BYTES;
    return Piece::PATCH;
}

}  // namespace frc
