// File descriptors, and errno as a status of the decoder.

#pragma once

#include <unistd.h>

#include "base/constants.h"
#include "frc.h"

namespace frc {

constexpr frc_status SUCCESS = {FRC_OK, -1, -1, ""};

inline frc_status failure(Code code, const char *message) { return {static_cast<frc_code>(code), -1, -1, message}; }

/// The meaning of an errno, as a sentence.
const char *meaning(int error);

inline frc_status read_failure(int error) { return failure(Code::READ_FAILED, meaning(error)); }
inline frc_status write_failure(int error) { return failure(Code::WRITE_FAILED, meaning(error)); }

/// Owns a file descriptor. Negative for none.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    int number() const { return number_; }

  private:
    int number_;
};

}  // namespace frc
