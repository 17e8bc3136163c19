// Decoding of entries. No entry is handed out before its stream's digest was verified.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "container/file.h"
#include "container/open_stream.h"
#include "container/work.h"
#include "stages/layer.h"

namespace frc {

/// Decodes entries for one call of the C interface.
class Decoder {
  public:
    /// On an error `where` is what it is about. All arguments must outlive the decoder.
    Decoder(const File &file, Work *work, Where *where)
        : file_(file), work_(*work), where_(*where), pool_(file.memory()), stream_(file, where) {}

    /// Decodes an entry at the current width. The buffer has its size. Errors: those of the spec.
    Status decode(uint32_t entry, uint8_t *elements);

    /// Decodes all entries that have a buffer and are not views, each stream once. `buffers` and `checksums` are
    /// indexed by entry; `checksums`, which may be null, receives the CRC-32 of each decoded entry.
    Status decode_all(uint8_t *const *buffers, uint32_t *checksums);

    /// Copies a view from the elements of its target.
    void copy_view(uint32_t entry, const uint8_t *target, uint8_t *elements) const;

  private:
    Status decode_stream(uint32_t stream, uint8_t *const *buffers, uint32_t *checksums);
    Status decode_member(uint32_t member, uint8_t *buffer, uint32_t *checksum);
    Status decode_elements(uint32_t member, uint8_t *elements, uint64_t progress);
    Status decode_layer(const Layer &layer, uint64_t first, uint8_t *elements, uint64_t progress);
    Status put_own(LayerDecoder *layer, uint64_t progress, uint64_t *energy);
    Status put_shared(LayerDecoder *layer, uint64_t first, uint64_t count, uint64_t *energy);

    const File &file_;
    Work &work_;
    Where &where_;
    Pool pool_;  // of the entry being decoded
    OpenStream stream_;
};

}  // namespace frc
