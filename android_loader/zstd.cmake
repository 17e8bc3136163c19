# frc_zstd: the decoder of zstd, as a static library that nothing else sees.
#
# FRC_ZSTD_SOURCE names a folder with zstd.h and zstd.c, the library in one file; without it the release is fetched.

set(FRC_ZSTD_SOURCE "" CACHE PATH "Folder with zstd.h and zstd.c; empty: fetch zstd's release")

if(FRC_ZSTD_SOURCE)
    add_library(frc_zstd STATIC ${FRC_ZSTD_SOURCE}/zstd.c)
    target_include_directories(frc_zstd SYSTEM PUBLIC ${FRC_ZSTD_SOURCE})
else()
    include(FetchContent)
    FetchContent_Declare(zstd
        URL https://github.com/facebook/zstd/releases/download/v1.5.7/zstd-1.5.7.tar.gz
        URL_HASH SHA256=eb33e51f49a15e023950cd7825ca74a4a2b43db8354825ac24fc1b7ee09e6fa3
        SOURCE_SUBDIR nothing) # its sources alone are wanted, not its build
    FetchContent_MakeAvailable(zstd)
    file(GLOB sources ${zstd_SOURCE_DIR}/lib/common/*.c ${zstd_SOURCE_DIR}/lib/decompress/*.c)
    add_library(frc_zstd STATIC ${sources})
    target_include_directories(frc_zstd SYSTEM PUBLIC ${zstd_SOURCE_DIR}/lib)
endif()

# The small variant of everything: frames in .frc files are small, levels are not coded by zstd.
target_compile_definitions(frc_zstd PRIVATE
    NDEBUG ZSTD_DISABLE_ASM=1 ZSTD_LEGACY_SUPPORT=0 ZSTD_STRIP_ERROR_STRINGS ZSTD_TRACE=0 ZSTD_NO_INTRINSICS DYNAMIC_BMI2=0
    HUF_FORCE_DECOMPRESS_X1 ZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT ZSTD_NO_INLINE
    ZSTDLIB_VISIBLE= ZSTDLIB_HIDDEN=)
target_compile_options(frc_zstd PRIVATE -Os -fno-unwind-tables -fno-asynchronous-unwind-tables -fvisibility=hidden -ffunction-sections -fdata-sections -w)
set_target_properties(frc_zstd PROPERTIES POSITION_INDEPENDENT_CODE ON)
