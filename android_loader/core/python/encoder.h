// Bindings of the encoder.

#pragma once

#include <nanobind/nanobind.h>

/// Adds the functions of the encoder to the module.
void bind_encoder(nanobind::module_ &module);
