// The stream that a decoder has open.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "container/file.h"
#include "container/work.h"
#include "stages/layer_record.h"
#include "stages/stream.h"

namespace frc {

/// The layer of an entry that is coded as levels, at the current width.
Layer layer_of(const Entry &entry, const Shape &shape);

/// Keeps one stream of a file open, as its other entries are often wanted next.
class OpenStream {
  public:
    OpenStream(const File &file, Where *where) : file_(file), where_(*where), pool_(file.memory()) {}

    /// Opens a stream, unless it is open already.
    Status open(uint32_t number);

    const StreamPlace &place() const { return file_.index().streams[number_]; }

    /// Positions of the stream's entries, [place().members].
    const uint32_t *members() const { return file_.index().members + place().first_member; }

    /// Where a member starts in the stream: in levels, or in bytes of a lossless stream.
    uint64_t start_of(uint32_t member) const { return starts_[member]; }

    /// Whether the digest must be compared before any entry is handed out.
    bool must_verify() const { return must_verify_; }
    void set_verified() {
        must_verify_ = false;
        file_.set_verified(static_cast<uint32_t>(number_));
    }

    /// The decompressed bytes of a lossless stream.
    Bytes content() const { return content_; }

    const Stream &levels() const { return levels_; }

    /// Decodes a segment of levels, unless it was the last one decoded. `points` are valid until the next call.
    Status decode_segment(size_t segment, Work *work, const int32_t **points);

  private:
    Status open_lossless(Bytes bytes, uint64_t size);
    Status open_levels(Bytes bytes, uint64_t count);

    const File &file_;
    Where &where_;
    Pool pool_;  // of the open stream
    int64_t number_ = -1;
    bool must_verify_ = false;
    const uint64_t *starts_ = nullptr;
    Bytes content_ = {};
    Stream levels_;
    int32_t *points_ = nullptr;
    int64_t segment_ = -1;  // whose points these are
};

}  // namespace frc
