// Fuzzing of the stages: whatever the bytes of a record and a stream, an error or elements, never anything else.
//
// An input is a record and a stream:
//     dtype u8, rank u8, region u8, block u8, axes u32, count u32, step u16, then (length u16, kept u16) for each axis;
//     stream

#include <vector>

#include "stages/layer.h"
#include "stages/stream.h"

namespace {

constexpr size_t MOST_ELEMENTS = size_t{1} << 15;

/// Reads numbers from the front of an input; zeros behind its end.
struct Input {
    frc::Bytes rest;

    uint32_t take(size_t bytes) {
        uint32_t value = 0;
        for (size_t i = 0; i < bytes && rest.size; ++i, ++rest.data, --rest.size)
            value |= uint32_t{*rest.data} << 8 * i;
        return value;
    }
};

/// Memory of exactly the size that was asked for, so that a sanitizer sees every step beyond it.
class Memory {
  public:
    explicit Memory(size_t size) : bytes_(size) {}
    frc::Arena arena() { return {bytes_.data(), bytes_.size()}; }

  private:
    std::vector<uint8_t> bytes_;
};

frc::Status decode(const frc::Layer &layer, const frc::LevelShape &shape, frc::Bytes bytes, uint8_t *elements) {
    frc::Stream stream;
    FRC_TRY(stream.start(bytes, shape));
    Memory tables(stream.memory_bytes());
    FRC_TRY(stream.attach(tables.arena()));
    frc::LayerDecoder decoder;
    FRC_TRY(decoder.start(layer, stream.row_steps()));
    Memory memory(decoder.memory_bytes());
    decoder.attach(elements, memory.arena());
    uint64_t energy = 0;
    Memory put_scratch(frc::LayerDecoder::put_scratch_bytes(stream));
    for (size_t i = 0; i < stream.segments(); ++i)
        FRC_TRY(decoder.put_segment(stream, i, &energy, put_scratch.arena()));
    FRC_TRY(decoder.begin_transform(energy));
    Memory scratch(decoder.scratch_bytes());
    for (size_t i = 0; i < decoder.parts(); ++i) FRC_TRY(decoder.transform(i, scratch.arena()));
    return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Input input = {{data, size}};
    frc::Layer layer = {};
    layer.dtype = static_cast<frc::DType>(input.take(1) % 6);
    layer.rank = static_cast<int>(input.take(1) % 7);
    layer.region = static_cast<frc::Region>(input.take(1) % 3);
    layer.block_log2 = static_cast<int>(input.take(1) % 13);
    layer.axes = input.take(4);
    layer.count = input.take(4);
    layer.step = static_cast<int>(input.take(2));
    size_t elements = layer.dtype == frc::DType::FLOAT64 ? 8 : 4;
    frc::LevelShape shape = {layer.rank, {}};
    for (int axis = 0; axis < layer.rank; ++axis) {
        layer.shape[axis] = input.take(2);
        shape.lengths[axis] = layer.kept[axis] = input.take(2);
        elements *= static_cast<size_t>(layer.shape[axis]);
        if (elements > MOST_ELEMENTS) return 0;
    }
    if (layer.region == frc::Region::SCAN) shape = {1, {layer.count}};
    if (!check(layer).ok()) return 0;
    std::vector<uint8_t> memory(elements);
    (void)decode(layer, shape, input.rest, memory.data());
    return 0;
}
