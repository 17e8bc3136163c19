// The encoder's part of the extension.

#pragma once

#include <nanobind/nanobind.h>

/// Adds the encoder's functions to the module.
void bind_encoder(nanobind::module_ &module);
