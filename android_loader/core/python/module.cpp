// The Python extension: bindings of the decoding stages. Buffers belong to Python, scratch is on the heap. Long calls
// release the GIL.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "python/encoder.h"
#include "stages/kernels.h"
#include "stages/layer.h"
#include "stages/stream.h"

namespace nb = nanobind;

namespace {

using Data = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Points = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using PointsOut = nb::ndarray<int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Elements = nb::ndarray<uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

PyObject *error_class;

/// Raises Error(code, message) unless the status is OK.
void raise_unless_ok(const frc::Status &status) {
    if (status.ok()) return;
    const nb::tuple arguments = nb::make_tuple(static_cast<int>(status.code), status.message);
    PyErr_SetObject(error_class, arguments.ptr());
    throw nb::python_error();
}

void require(bool condition, const char *message) {
    if (!condition) throw nb::value_error(message);
}

/// Heap memory for an arena.
class Memory {
  public:
    explicit Memory(size_t size) : bytes_(new uint8_t[size]), size_(size) {}

    frc::Arena arena() const { return {bytes_.get(), size_}; }

  private:
    std::unique_ptr<uint8_t[]> bytes_;
    size_t size_;
};

/// Calls work() without the GIL and raises its error.
template <typename Work>
void without_gil(Work work) {
    frc::Status status;
    {
        nb::gil_scoped_release release;
        status = work();
    }
    raise_unless_ok(status);
}

frc::LevelShape level_shape(const std::vector<int64_t> &shape) {
    require(shape.size() <= frc::MAX_RANK, "shape has too many axes");
    frc::LevelShape result = {static_cast<int>(shape.size()), {}};
    for (size_t i = 0; i < shape.size(); ++i) {
        require(shape[i] >= 0, "shape has a negative length");
        result.lengths[i] = shape[i];
    }
    return result;
}

class Stream {
  public:
    Stream(Data data, const std::vector<int64_t> &shape) : data_(data) {
        raise_unless_ok(core.start({data.data(), data.size()}, level_shape(shape)));
        memory_ = std::make_unique<Memory>(core.memory_bytes());
        without_gil([&] { return core.attach(memory_->arena()); });
    }

    void decode(size_t segment, PointsOut points) const {
        require(segment < core.segments() && points.size() == core.size(segment),
                "points must have the size of an existing segment");
        without_gil([&] {
            return core.decode(segment, points.data(), core.lane_length(segment), Memory(core.scratch_bytes()).arena());
        });
    }

    frc::Stream core;

  private:
    Data data_;  // keeps the bytes alive
    std::unique_ptr<Memory> memory_;
};

class Layer {
  public:
    Layer(int dtype, const std::vector<int64_t> &shape, uint32_t axes, int block, int region,
          const std::vector<int64_t> &kept, int64_t count, int step, Elements elements, const Stream *stream)
        : elements_(elements) {
        require(shape.size() <= frc::MAX_RANK && kept.size() == shape.size(),
                "shape and kept must have the same number of axes");
        require(dtype >= 0 && dtype <= 255 && region >= 0 && region <= 2, "unknown dtype or region");
        require(!stream || stream->core.count() == count, "the stream must have as many levels as the layer");
        frc::Layer layer = {};
        layer.dtype = static_cast<frc::DType>(dtype);
        layer.rank = static_cast<int>(shape.size());
        layer.axes = axes;
        layer.block_log2 = block;
        layer.region = static_cast<frc::Region>(region);
        layer.count = count;
        layer.step = step;
        size_t size = 1;
        for (size_t i = 0; i < shape.size(); ++i) {
            layer.shape[i] = shape[i];
            layer.kept[i] = kept[i];
            size *= static_cast<size_t>(shape[i]);
        }
        raise_unless_ok(core_.start(layer, stream ? stream->core.row_steps() : nullptr));
        require(elements.size() == size * layer.element_bytes(), "elements has the wrong size");
        count_ = count;
        memory_ = std::make_unique<Memory>(core_.memory_bytes());
        core_.attach(elements.data(), memory_->arena());
    }

    void put(int64_t first, Points points) {
        require(first >= 0 && first <= count_ && static_cast<int64_t>(points.size()) <= count_ - first,
                "the points exceed the layer");
        put_counted([&](uint64_t *energy) { return core_.put(first, points.data(), points.size(), energy); });
    }

    void put_segment(const Stream &stream, size_t segment) {
        require(stream.core.count() == count_ && segment < stream.core.segments(), "no such segment");
        put_counted([&](uint64_t *energy) {
            return core_.put_segment(stream.core, segment, energy,
                                     Memory(frc::LayerDecoder::put_scratch_bytes(stream.core)).arena());
        });
    }

    size_t settle() {
        without_gil([&] { return core_.begin_transform(energy_); });
        return core_.parts();
    }

    void run(size_t part) const {
        require(part < core_.parts(), "no such part");
        without_gil([&] { return core_.transform(part, Memory(core_.scratch_bytes()).arena()); });
    }

    bool in_order() const { return core_.in_order(); }

  private:
    /// Calls put(&energy) without the GIL and adds the energy to the layer's, saturating at ENERGY_TOO_LARGE.
    template <typename Put>
    void put_counted(Put put) {
        uint64_t energy = 0;
        without_gil([&] { return put(&energy); });
        uint64_t before = energy_, after;
        do {
            after = before + energy < frc::ENERGY_TOO_LARGE ? before + energy : frc::ENERGY_TOO_LARGE;
        } while (!energy_.compare_exchange_weak(before, after));
    }

    frc::LayerDecoder core_;
    Elements elements_;  // keeps the memory alive
    std::unique_ptr<Memory> memory_;
    int64_t count_ = 0;
    std::atomic<uint64_t> energy_{0};
};

uint32_t crc32(Data data, uint32_t before) {
    nb::gil_scoped_release release;
    return frc::kernels().crc32(data.data(), data.size(), before);
}

std::vector<std::string> targets() {
    std::vector<std::string> names;
    for (size_t i = 0; const char *name = frc::target_name(i); ++i) names.emplace_back(name);
    return names;
}

}  // namespace

NB_MODULE(_core, module) {
    module.doc() = "The C++ core. Use it through frcodec.native.";
    error_class = PyErr_NewException("frcodec.native._core.Error", PyExc_Exception, nullptr);
    module.attr("Error") = nb::borrow(error_class);

    module.def("crc32", &crc32, nb::arg("data"), nb::arg("before") = 0);
    module.def("targets", &targets);
    module.def("select_target", [](const std::string &name) { return frc::select_target(name.c_str()); });

    nb::class_<Stream>(module, "Stream")
        .def(nb::init<Data, const std::vector<int64_t> &>(), nb::arg("data"), nb::arg("shape"))
        .def_prop_ro("has_row_steps", [](const Stream &stream) { return stream.core.row_steps() != nullptr; })
        .def_prop_ro("segments", [](const Stream &stream) { return stream.core.segments(); })
        .def("size",
             [](const Stream &stream, size_t segment) {
                 require(segment < stream.core.segments(), "no such segment");
                 return stream.core.size(segment);
             })
        .def("decode", &Stream::decode, nb::arg("segment"), nb::arg("points"));

    nb::class_<Layer>(module, "Layer")
        .def(nb::init<int, const std::vector<int64_t> &, uint32_t, int, int, const std::vector<int64_t> &, int64_t, int,
                      Elements, const Stream *>(),
             nb::arg("dtype"), nb::arg("shape"), nb::arg("axes"), nb::arg("block"), nb::arg("region"), nb::arg("kept"),
             nb::arg("count"), nb::arg("step"), nb::arg("elements"), nb::arg("stream").none(), nb::keep_alive<1, 11>())
        .def_prop_ro("in_order", &Layer::in_order)
        .def("put", &Layer::put, nb::arg("first"), nb::arg("points"))
        .def("put_segment", &Layer::put_segment, nb::arg("stream"), nb::arg("segment"))
        .def("settle", &Layer::settle)
        .def("run", &Layer::run, nb::arg("part"));

    bind_encoder(module);
}
