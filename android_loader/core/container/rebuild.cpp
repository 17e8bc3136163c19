#include "container/rebuild.h"

#include <string.h>

#include "container/crc32_combine.h"
#include "container/decoder.h"
#include "stages/kernels.h"

namespace frc {
namespace {

constexpr Status WRONG_CHECKSUM = {Code::BAD_DIGEST,
                                   "The rebuilt model file does not have the checksum of the original."};

Status check_model(const File &file) {
    if (!file.has_model()) return {Code::BAD_OPTION, "The file holds only tensors, no model file."};
    if (!file.full_width()) return {Code::BAD_OPTION, "A model file is rebuilt at full width only."};
    return {};
}

uint32_t checksum(Bytes bytes, uint32_t before) { return kernels().crc32(bytes.data, bytes.size, before); }

/// Writes to the caller and computes the CRC-32 of everything written.
class Writer {
  public:
    Writer(Write write, void *self) : write_(write), self_(self) {}

    Status put(const void *bytes, size_t size) {
        if (size == 0) return {};
        if (write_(self_, bytes, size) != 0)
            return {Code::WRITE_FAILED, "The rebuilt model file could not be written."};
        crc_ = checksum({static_cast<const uint8_t *>(bytes), size}, crc_);
        return {};
    }

    uint32_t crc() const { return crc_; }

  private:
    Write write_;
    void *self_;
    uint32_t crc_ = 0;
};

/// Decodes the holes of a model file in order, into one buffer.
class Holes {
  public:
    Holes(const File &file, Work *work, Where *where, Pool *pool)
        : skeleton_(file.skeleton()), decoder_(file, work, where), pool_(*pool) {}

    Status start() {
        uint64_t largest = 0;
        for (uint32_t i = 0; i < skeleton_.hole_count; ++i) {
            if (skeleton_.holes[i].bytes > largest) largest = skeleton_.holes[i].bytes;
        }
        elements_ = pool_.take<uint8_t>(largest);
        checksums_ = pool_.take<uint32_t>(skeleton_.hole_count);
        return elements_ && checksums_ ? Status{} : NO_MEMORY;
    }

    /// Decodes the holes up to this one.
    Status load(uint32_t number) {
        for (; next_ <= number; ++next_) {
            const Hole &hole = skeleton_.holes[next_];
            FRC_TRY(decoder_.decode(hole.entry, elements_));
            checksums_[next_] = checksum({elements_, static_cast<size_t>(hole.bytes)}, 0);
        }
        return {};
    }

    /// Content of the hole decoded last.
    const uint8_t *elements() const { return elements_; }
    /// CRC-32 of a hole that was decoded.
    uint32_t checksum_of(uint32_t number) const { return checksums_[number]; }

  private:
    const Skeleton &skeleton_;
    Decoder decoder_;
    Pool &pool_;
    uint8_t *elements_ = nullptr;  // of the hole decoded last
    uint32_t *checksums_ = nullptr;
    uint32_t next_ = 0;
};

}  // namespace

Status rebuild(const File &file, Write write, void *self, const frc_work *work, Where *where) {
    FRC_TRY(check_model(file));
    const Skeleton &skeleton = file.skeleton();
    Pool pool(file.memory());
    Work progress(work, skeleton.size);
    Holes holes(file, &progress, where, &pool);
    FRC_TRY(holes.start());
    Writer writer(write, self);
    SkeletonWalk walk(skeleton);
    for (;;) {
        const SkeletonWalk::Piece piece = walk.next();
        if (piece == SkeletonWalk::Piece::END) break;
        if (piece == SkeletonWalk::Piece::GAP) {
            FRC_TRY(writer.put(walk.gap.data, walk.gap.size));
            FRC_TRY(progress.advance(walk.gap.size));
        } else if (piece == SkeletonWalk::Piece::HOLE) {
            FRC_TRY(holes.load(walk.number));
            FRC_TRY(writer.put(holes.elements(), static_cast<size_t>(skeleton.holes[walk.number].bytes)));
        } else {
            const uint32_t hole = skeleton.patches[walk.number].hole;
            FRC_TRY(holes.load(hole));
            const uint32_t patch = holes.checksum_of(hole);
            FRC_TRY(writer.put(&patch, sizeof patch));
            FRC_TRY(progress.advance(sizeof patch));
        }
    }
    return writer.crc() == skeleton.crc ? Status{} : WRONG_CHECKSUM;
}

Status rebuild_into(const File &file, uint8_t *buffer, const frc_work *work, Where *where) {
    FRC_TRY(check_model(file));
    const Skeleton &skeleton = file.skeleton();
    Pool pool(file.memory());
    Work progress(work, skeleton.size);
    const uint32_t entries = file.index().entry_count;
    uint8_t **buffers = pool.take<uint8_t *>(entries);
    uint32_t *checksums = pool.take<uint32_t>(entries);
    if (!buffers || !checksums) return NO_MEMORY;
    for (uint32_t i = 0; i < entries; ++i) {
        const int32_t hole = skeleton.hole_of[i];
        buffers[i] = hole < 0 ? nullptr : buffer + skeleton.holes[hole].offset;
    }
    Decoder decoder(file, &progress, where);
    FRC_TRY(decoder.decode_all(buffers, checksums));
    uint32_t crc = 0;
    SkeletonWalk walk(skeleton);
    for (;;) {
        const SkeletonWalk::Piece piece = walk.next();
        if (piece == SkeletonWalk::Piece::END) break;
        if (piece == SkeletonWalk::Piece::HOLE) {
            const Hole &hole = skeleton.holes[walk.number];
            crc = crc32_combine(crc, checksums[hole.entry], hole.bytes);
            continue;
        }
        Bytes bytes = walk.gap;
        if (piece == SkeletonWalk::Piece::PATCH) {
            const uint32_t entry = skeleton.holes[skeleton.patches[walk.number].hole].entry;
            bytes = {reinterpret_cast<const uint8_t *>(&checksums[entry]), Patch::BYTES};
        }
        memcpy(buffer + walk.offset, bytes.data, bytes.size);
        crc = checksum(bytes, crc);
        FRC_TRY(progress.advance(bytes.size));
    }
    return crc == skeleton.crc ? Status{} : WRONG_CHECKSUM;
}

}  // namespace frc
