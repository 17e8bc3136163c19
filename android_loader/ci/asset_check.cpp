/// Opens an asset of an APK as an app's AssetManager does, through Android's own code.
///   asset_check APK NAME FILE    fails unless its descriptor, offset, length and buffer show the bytes of FILE

#include <androidfw/ApkAssets.h>
#include <androidfw/Asset.h>
#include <androidfw/AssetManager2.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace {

int fail(const char *what) {
    fprintf(stderr, "asset_check: %s\n", what);
    return 1;
}

std::string contents(const char *path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int compare(android::Asset &asset, const std::string &expected) {
    off64_t offset = -1;
    off64_t length = -1;
    const int descriptor = asset.openFileDescriptor(&offset, &length);
    if (descriptor < 0) return fail("no file descriptor: the asset is compressed, and AssetManager.openFd would throw");
    if (static_cast<size_t>(length) != expected.size()) return fail("the descriptor's length is another");
    std::string bytes(expected.size(), '\0');
    if (pread64(descriptor, bytes.data(), bytes.size(), offset) != length)
        return fail("the descriptor's range is cut off");
    close(descriptor);
    if (bytes != expected) return fail("the descriptor's range has other bytes");
    const void *buffer = asset.getBuffer(true);
    if (buffer == nullptr || memcmp(buffer, expected.data(), expected.size()) != 0) {
        return fail("the buffer has other bytes");
    }
    if (asset.isAllocated()) return fail("the buffer is a copy on the heap, not a mapping");
    printf("offset %lld, %lld bytes, mapped\n", static_cast<long long>(offset), static_cast<long long>(length));
    return 0;
}

}  // namespace

int main(int count, char **words) {
    if (count != 4) return fail("APK NAME FILE");
    const std::string expected = contents(words[3]);
    if (expected.empty()) return fail("FILE cannot be read, or is empty");
    const auto package = android::ApkAssets::Load(words[1]);
    if (!package) return fail("the APK cannot be loaded");
    android::AssetManager2 assets;
    assets.SetApkAssets({package.get()});
    const auto asset = assets.Open(words[2], android::Asset::ACCESS_RANDOM);
    if (!asset) return fail("the APK has no such asset");
    return compare(*asset, expected);
}
