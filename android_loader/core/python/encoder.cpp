// Bindings of the encoder's hot loops: one segment per call, flat arrays. They release the GIL.

#include "python/encoder.h"

#include <nanobind/ndarray.h>

#include <memory>

#include "base/constants.h"
#include "encode/contexts.h"
#include "encode/feedback.h"
#include "encode/histogram.h"
#include "encode/kernels.h"
#include "encode/lanes.h"
#include "encode/viterbi.h"

namespace nb = nanobind;
namespace encoder = frc::encoder;

namespace {

template <typename T>
using Flat = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char *message) {
    if (!condition) throw nb::value_error(message);
}

template <typename T>
std::unique_ptr<T[]> allocate(size_t count) {
    return std::unique_ptr<T[]>(new T[count]);
}

size_t lane_length(size_t count, size_t lanes) {
    require(lanes > 0, "lanes must be > 0");
    return (count + lanes - 1) / lanes;
}

/// Checks that every context is below `context_count`.
void check_contexts(const Flat<const uint8_t> &contexts, size_t count, size_t context_count) {
    require(contexts.size() == count, "arrays of different lengths");
    for (size_t i = 0; i < count; ++i) require(contexts.data()[i] < context_count, "a context is out of range");
}

void viterbi(Flat<const double> scaled, Flat<const uint8_t> contexts, Flat<const int32_t> prices, size_t lanes,
             int state_bits, uint32_t h0, uint32_t h1, Flat<int32_t> levels, Flat<uint8_t> subsets) {
    const size_t count = scaled.size(), context_count = prices.size() / (2 * encoder::PRICES);
    require(levels.size() == count && subsets.size() == count, "arrays of different lengths");
    require(frc::MIN_TRELLIS <= state_bits && state_bits <= frc::MAX_TRELLIS, "state_bits is out of range");
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    const size_t length = lane_length(count, lanes);
    const auto choices = allocate<int32_t>(encoder::viterbi_choices(length, state_bits));
    const auto picks = allocate<uint8_t>(encoder::viterbi_picks(length));
    encoder::kernels().viterbi({scaled.data(), contexts.data(), count, lanes, prices.data(), context_count, state_bits,
                                h0 >> 1, h1 >> 1, levels.data(), subsets.data(), choices.get(), picks.get()});
}

void viterbi_with_feedback(Flat<const double> scaled, Flat<const uint8_t> contexts, Flat<const float> prices,
                           Flat<const float> upper, Flat<const float> weights, Flat<const int64_t> starts,
                           int state_bits, uint32_t h0, uint32_t h1, Flat<int32_t> levels, Flat<uint8_t> subsets) {
    const size_t count = scaled.size(), context_count = prices.size() / (2 * encoder::PRICES), columns = weights.size();
    require(levels.size() == count && subsets.size() == count, "arrays of different lengths");
    require(frc::MIN_TRELLIS <= state_bits && state_bits <= encoder::FEEDBACK_STATE_BITS, "state_bits is out of range");
    require(columns > 0 && upper.size() == columns * columns, "upper must be a square matrix of the size of weights");
    require(starts.size() > 0 && starts.data()[0] == 0, "the first lane must start at 0");
    for (size_t i = 1; i < starts.size(); ++i) {
        require(starts.data()[i - 1] <= starts.data()[i] && static_cast<size_t>(starts.data()[i]) <= count,
                "starts must ascend and not exceed the number of levels");
    }
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    const auto errors = allocate<float>(columns);
    encoder::kernels().viterbi_with_feedback(
        {scaled.data(), contexts.data(), count, columns, upper.data(), weights.data(), starts.data(), starts.size(),
         prices.data(), context_count, state_bits, h0 >> 1, h1 >> 1, levels.data(), subsets.data(), errors.get()});
}

void contexts_by_level(Flat<const int32_t> points, nb::object class_terms, size_t lanes, size_t row_length,
                       int contexts, int wn, int base, Flat<uint8_t> result) {
    const size_t count = points.size();
    require(result.size() == count && contexts >= 1 && contexts <= frc::MAX_CONTEXTS, "arrays of different lengths");
    const int16_t *terms = nullptr;
    if (!class_terms.is_none()) {
        const auto array = nb::cast<Flat<const int16_t>>(class_terms);
        require(array.size() == count, "arrays of different lengths");
        terms = array.data();
    }
    nb::gil_scoped_release release;
    const auto magnitudes = allocate<uint16_t>(encoder::context_scratch(row_length, lane_length(count, lanes)));
    encoder::kernels().contexts_by_level(
        {points.data(), count, lanes, row_length, contexts, wn, base, terms, result.data(), magnitudes.get()});
}

const uint8_t *data_or_null(const nb::object &subsets, size_t count) {
    if (subsets.is_none()) return nullptr;
    const auto array = nb::cast<Flat<const uint8_t>>(subsets);
    require(array.size() == count, "arrays of different lengths");
    return array.data();
}

void histogram(Flat<const int32_t> levels, Flat<const uint8_t> contexts, nb::object subsets, Flat<const uint8_t> shift,
               Flat<uint32_t> counts, Flat<uint64_t> sums) {
    const size_t count = levels.size(), context_count = shift.size();
    const uint8_t *const subset_data = data_or_null(subsets, count);
    require(sums.size() == context_count, "arrays of different lengths");
    require(counts.size() == context_count * (subset_data ? 2 : 1) * encoder::HISTOGRAM_BINS,
            "the histogram has the wrong size");
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    encoder::histogram(
        {levels.data(), contexts.data(), subset_data, count, context_count, shift.data(), counts.data(), sums.data()});
}

/// Returns the number of words; they are at the end of `words`.
size_t encode_lanes(Flat<const int32_t> levels, Flat<const uint8_t> contexts, nb::object subsets, size_t context_count,
                    Flat<const uint16_t> symbols, Flat<const uint8_t> reach, Flat<const uint8_t> shift,
                    Flat<uint32_t> states, Flat<uint16_t> words) {
    const size_t count = levels.size();
    const uint8_t *const subset_data = data_or_null(subsets, count);
    const size_t rows = context_count * (subset_data ? 2 : 1);
    require(symbols.size() == rows * encoder::SYMBOLS * 2 && reach.size() == rows && shift.size() == rows,
            "symbols, reach and shift must have a row per table");
    require(words.size() == encoder::max_words(count), "words has the wrong size");
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    static_assert(sizeof(encoder::Symbol) == 2 * sizeof(uint16_t));
    return encoder::encode_lanes({levels.data(), contexts.data(), subset_data, count, states.size(), context_count,
                                  reinterpret_cast<const encoder::Symbol *>(symbols.data()), reach.data(), shift.data(),
                                  states.data(), words.data()});
}

}  // namespace

void bind_encoder(nb::module_ &module) {
    module.def("viterbi", &viterbi, nb::arg("scaled"), nb::arg("contexts"), nb::arg("prices"), nb::arg("lanes"),
               nb::arg("state_bits"), nb::arg("h0"), nb::arg("h1"), nb::arg("levels"), nb::arg("subsets"));
    module.def("viterbi_with_feedback", &viterbi_with_feedback, nb::arg("scaled"), nb::arg("contexts"),
               nb::arg("prices"), nb::arg("upper"), nb::arg("weights"), nb::arg("starts"), nb::arg("state_bits"),
               nb::arg("h0"), nb::arg("h1"), nb::arg("levels"), nb::arg("subsets"));
    module.def("contexts_by_level", &contexts_by_level, nb::arg("points"), nb::arg("class_terms").none(), nb::arg("lanes"),
               nb::arg("row_length"), nb::arg("contexts"), nb::arg("wn"), nb::arg("base"), nb::arg("result"));
    module.def("histogram", &histogram, nb::arg("levels"), nb::arg("contexts"), nb::arg("subsets").none(),
               nb::arg("shift"), nb::arg("histogram"), nb::arg("sums"));
    module.def("encode_lanes", &encode_lanes, nb::arg("levels"), nb::arg("contexts"), nb::arg("subsets").none(),
               nb::arg("context_count"), nb::arg("symbols"), nb::arg("reach"), nb::arg("shift"), nb::arg("states"),
               nb::arg("words"));
}
