#include "stages/layer_record.h"

#include <math.h>

namespace frc {

int64_t padded_size(int rank, const int64_t *lengths) {
    int64_t size = 1;
    for (int axis = 0; axis < rank; ++axis) {
        const int64_t length = lengths[axis] > 1 ? lengths[axis] : 1;
        if (length > LARGEST_SIZE / size) return -1;
        size *= length;
    }
    return size;
}

int64_t product(int rank, const int64_t *lengths) {
    int64_t size = 1;
    for (int axis = 0; axis < rank; ++axis) size *= lengths[axis];
    return size;
}

double step_of(int code) {
    constexpr int ONE = 1 << STEP_MANTISSA_BITS;
    return ldexp(ONE + code % ONE, code / ONE - STEP_EXPONENT_BIAS - STEP_MANTISSA_BITS);
}

Status check(const Layer &layer) {
    const Status bad = {Code::BAD_RECORD, "A field of a tensor's record is out of range."};
    if (layer.dtype > DType::UINT8 || layer.rank < 0 || layer.rank > MAX_RANK) return bad;
    for (int axis = 0; axis < layer.rank; ++axis) {
        const int64_t length = layer.region_shape()[axis];
        if (layer.shape[axis] < 0 || length < 0 || layer.kept[axis] < 0 || layer.kept[axis] > length) return bad;
        if (layer.region == Region::WHOLE && layer.kept[axis] != length) return bad;
        if (!(layer.axes >> axis & 1)) continue;
        if (layer.shape[axis] < 1 || (!layer.block_log2 && layer.shape[axis] > MAX_TRANSFORM_LENGTH)) return bad;
    }
    if (layer.rank < MAX_RANK && layer.axes >> layer.rank) return bad;
    if (layer.block_log2 < 0 || layer.block_log2 > MAX_BLOCK_LOG2 || (layer.block_log2 && !layer.axes)) return bad;
    const int64_t size = padded_size(layer.rank, layer.shape);
    if (size < 0) return bad;
    const int64_t positions = product(layer.rank, layer.region == Region::SCAN ? layer.region_shape() : layer.kept);
    if (layer.count < 0 || (layer.region == Region::SCAN ? layer.count > positions : layer.count != positions))
        return bad;
    if (layer.step < 0 || layer.step > (layer.integer() ? 255 : MAX_STEP_CODE)) return bad;
    if (layer.integer() && layer.axes) return bad;
    if (size > MAX_POSITIONS) {
        return {Code::TOO_LARGE, "A tensor is larger than the address space."};
    }
    return {};
}

}  // namespace frc
