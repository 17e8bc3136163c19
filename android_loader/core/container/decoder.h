// From streams to entries: one tensor, or all that share a stream, every digest compared before anything is handed out.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "container/file.h"
#include "container/work.h"
#include "stages/layer.h"
#include "stages/stream.h"

namespace frc {

/// Decodes entries for one caller. The stream opened last is kept open, as its other entries may be wanted next.
class Decoder {
  public:
    /// The file, the work and `where`, which tells what an error is about, outlive it.
    Decoder(const File &file, Work *work, Where *where)
        : file_(file), work_(*work), where_(*where), pool_(file.memory()) {}

    /// Any entry as it is at the present width; the buffer has its size. Errors: those of the spec.
    Status decode(uint32_t entry, uint8_t *elements);

    /// Entries but views, each to its place by position, which is nullptr where it is not wanted; every stream once.
    /// `sums`, which may be null, gets the CRC-32 of each that is wanted.
    Status decode_all(uint8_t *const *places, uint32_t *sums);

    /// A view from the elements of its target.
    void copy_view(uint32_t entry, const uint8_t *target, uint8_t *elements) const;

  private:
    /// The members of a stream, each to its place, which is nullptr where it is not wanted. `sums`, which may be null,
    /// gets the CRC-32 of each that is. What shares a stream is decoded even if unwanted, until its digest was
    /// compared.
    Status decode_stream(uint32_t stream, uint8_t *const *places, uint32_t *sums);

    /// What is opened last.
    struct Open {
        explicit Open(const frc_memory &memory) : pool(memory) {}

        Pool pool;
        int64_t number = -1;
        bool verify = false;               ///< its digest has to be compared
        const uint64_t *starts = nullptr;  ///< of its members: in levels, or in bytes of a raw stream
        Bytes content = {};                ///< of a raw stream
        Stream stream;                     ///< of levels
        int32_t *points = nullptr;
        int64_t segment = -1;  ///< whose points these are
    };

    Status open(uint32_t stream);
    Status open_raw(uint64_t size, Bytes bytes);
    Status open_levels(uint32_t stream, uint64_t count, Bytes bytes);
    Status put(uint32_t member, uint8_t *place, uint32_t *sum);
    Status decode_member(uint32_t entry, uint64_t first, uint8_t *elements, uint64_t bytes_to_tell);
    Status fill(const Layer &layer, uint64_t first, uint8_t *elements, uint64_t bytes_to_tell);
    Status put_own(LayerDecoder *layer, uint64_t bytes_to_tell, uint64_t *energy);
    Status put_shared(LayerDecoder *layer, uint64_t first, uint64_t count, uint64_t *energy);
    Status load(size_t segment);

    const File &file_;
    Work &work_;
    Where &where_;
    Pool pool_;  // of one entry
    Open open_{file_.memory()};
};

}  // namespace frc
