// The encoder's hot loops for Python: one segment a call, all arrays flat, the GIL released at work.

#include "python/encoder.h"

#include <nanobind/ndarray.h>

#include <memory>

#include "base/constants.h"
#include "encode/contexts.h"
#include "encode/lanes.h"
#include "encode/kernels.h"
#include "encode/feedback.h"
#include "encode/histogram.h"
#include "encode/viterbi.h"

namespace nb = nanobind;

namespace {

template <typename T>
using Flat = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char *message) {
    if (!condition) throw nb::value_error(message);
}

template <typename T>
std::unique_ptr<T[]> room(size_t count) {
    return std::unique_ptr<T[]>(new T[count]);
}

size_t steps_of(size_t count, size_t lanes) {
    require(lanes > 0, "no lanes");
    return (count + lanes - 1) / lanes;
}

/// Every context must be one that tables are there for.
void check_contexts(const Flat<const uint8_t> &contexts, size_t count, size_t context_count) {
    require(contexts.size() == count, "arrays of different lengths");
    for (size_t i = 0; i < count; ++i) require(contexts.data()[i] < context_count, "a context is out of its range");
}

void find_path(Flat<const double> scaled, Flat<const uint8_t> contexts, Flat<const int32_t> prices, size_t lanes,
               int state_bits, uint32_t h0, uint32_t h1, Flat<int32_t> levels, Flat<uint8_t> unions) {
    const size_t count = scaled.size(), context_count = prices.size() / (2 * frc::PRICES);
    require(levels.size() == count && unions.size() == count, "arrays of different lengths");
    require(frc::MIN_TRELLIS <= state_bits && state_bits <= frc::MAX_TRELLIS, "no such trellis");
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    const size_t steps = steps_of(count, lanes);
    const auto choices = room<int32_t>(frc::path_choices(steps, state_bits));
    const auto picks = room<uint8_t>(frc::path_picks(steps));
    frc::encoder_kernels().find_path({scaled.data(), contexts.data(), count, lanes, prices.data(), context_count,
                                      state_bits, h0 >> 1, h1 >> 1, levels.data(), unions.data(), choices.get(),
                                      picks.get()});
}

void find_path_with_feedback(Flat<const double> scaled, Flat<const uint8_t> contexts, Flat<const float> prices,
                             Flat<const float> upper, Flat<const float> weights, Flat<const int64_t> starts,
                             int state_bits, uint32_t h0, uint32_t h1, Flat<int32_t> levels, Flat<uint8_t> unions) {
    const size_t count = scaled.size(), context_count = prices.size() / (2 * frc::PRICES), columns = weights.size();
    require(levels.size() == count && unions.size() == count, "arrays of different lengths");
    require(frc::MIN_TRELLIS <= state_bits && state_bits <= frc::FEEDBACK_STATE_BITS, "no such trellis");
    require(columns > 0 && upper.size() == columns * columns, "U and D do not match");
    require(starts.size() > 0 && starts.data()[0] == 0, "the first lane does not begin at 0");
    for (size_t i = 1; i < starts.size(); ++i) {
        require(starts.data()[i - 1] <= starts.data()[i] && static_cast<size_t>(starts.data()[i]) <= count,
                "lanes are out of order");
    }
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    const auto errors = room<float>(columns);
    frc::encoder_kernels().find_path_with_feedback(
        {scaled.data(), contexts.data(), count, columns, upper.data(), weights.data(), starts.data(), starts.size(),
         prices.data(), context_count, state_bits, h0 >> 1, h1 >> 1, levels.data(), unions.data(), errors.get()});
}

void find_contexts(Flat<const int32_t> points, nb::object class_terms, size_t lanes, size_t row_length, int contexts,
                   int wn, int base, Flat<uint8_t> found) {
    const size_t count = points.size();
    require(found.size() == count && contexts >= 1 && contexts <= frc::MAX_CONTEXTS, "arrays of different lengths");
    const int16_t *terms = nullptr;
    if (!class_terms.is_none()) {
        const auto array = nb::cast<Flat<const int16_t>>(class_terms);
        require(array.size() == count, "arrays of different lengths");
        terms = array.data();
    }
    nb::gil_scoped_release release;
    const auto magnitudes = room<uint16_t>(frc::context_scratch(row_length, steps_of(count, lanes)));
    frc::encoder_kernels().find_contexts(
        {points.data(), count, lanes, row_length, contexts, wn, base, terms, found.data(), magnitudes.get()});
}

const uint8_t *data_or_null(const nb::object &unions, size_t count) {
    if (unions.is_none()) return nullptr;
    const auto array = nb::cast<Flat<const uint8_t>>(unions);
    require(array.size() == count, "arrays of different lengths");
    return array.data();
}

void count_levels(Flat<const int32_t> levels, Flat<const uint8_t> contexts, nb::object unions,
                  Flat<const uint8_t> shift, Flat<uint32_t> histogram, Flat<uint64_t> sums) {
    const size_t count = levels.size(), context_count = shift.size();
    const uint8_t *const in_unions = data_or_null(unions, count);
    require(sums.size() == context_count, "arrays of different lengths");
    require(histogram.size() == context_count * (in_unions ? 2 : 1) * frc::COUNTED, "the histogram has another size");
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    frc::count_levels(
        {levels.data(), contexts.data(), in_unions, count, context_count, shift.data(), histogram.data(), sums.data()});
}

/// The number of words, which end at the end of `words`.
size_t encode_lanes(Flat<const int32_t> levels, Flat<const uint8_t> contexts, nb::object unions, size_t context_count,
                    Flat<const uint16_t> symbols, Flat<const uint8_t> reach, Flat<const uint8_t> shift,
                    Flat<uint32_t> states, Flat<uint16_t> words) {
    const size_t count = levels.size();
    const uint8_t *const in_unions = data_or_null(unions, count);
    const size_t rows = context_count * (in_unions ? 2 : 1);
    require(symbols.size() == rows * frc::SYMBOLS * 2 && reach.size() == rows && shift.size() == rows,
            "tables of different numbers");
    require(words.size() == frc::most_words(count), "the words' memory has another size");
    check_contexts(contexts, count, context_count);
    nb::gil_scoped_release release;
    static_assert(sizeof(frc::Symbol) == 2 * sizeof(uint16_t));
    return frc::encode_lanes({levels.data(), contexts.data(), in_unions, count, states.size(), context_count,
                              reinterpret_cast<const frc::Symbol *>(symbols.data()), reach.data(), shift.data(),
                              states.data(), words.data()});
}

}  // namespace

void bind_encoder(nb::module_ &module) {
    module.def("find_path", &find_path, nb::arg("scaled"), nb::arg("contexts"), nb::arg("prices"), nb::arg("lanes"),
               nb::arg("state_bits"), nb::arg("h0"), nb::arg("h1"), nb::arg("levels"), nb::arg("unions"));
    module.def("find_path_with_feedback", &find_path_with_feedback, nb::arg("scaled"), nb::arg("contexts"),
               nb::arg("prices"), nb::arg("upper"), nb::arg("weights"), nb::arg("starts"), nb::arg("state_bits"),
               nb::arg("h0"), nb::arg("h1"), nb::arg("levels"), nb::arg("unions"));
    module.def("find_contexts", &find_contexts, nb::arg("points"), nb::arg("class_terms").none(), nb::arg("lanes"),
               nb::arg("row_length"), nb::arg("contexts"), nb::arg("wn"), nb::arg("base"), nb::arg("found"));
    module.def("count_levels", &count_levels, nb::arg("levels"), nb::arg("contexts"), nb::arg("unions").none(),
               nb::arg("shift"), nb::arg("histogram"), nb::arg("sums"));
    module.def("encode_lanes", &encode_lanes, nb::arg("levels"), nb::arg("contexts"), nb::arg("unions").none(),
               nb::arg("context_count"), nb::arg("symbols"), nb::arg("reach"), nb::arg("shift"), nb::arg("states"),
               nb::arg("words"));
}
