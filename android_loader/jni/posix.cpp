#include "posix.h"

#include <errno.h>

namespace frc {

const char *meaning(int error) {
    switch (error) {
        case ENOENT:
            return "There is no such file or folder.";
        case ENOTDIR:
            return "A part of the path is a file where a folder must be.";
        case EISDIR:
            return "A folder is where a file must be.";
        case EACCES:
        case EPERM:
            return "The system does not permit it: check who owns the file and its folder.";
        case EROFS:
            return "The file system is read-only.";
        case ENOSPC:
            return "No space is left on the device: free some and try again.";
        case EDQUOT:
            return "The user's share of the disk is used up: free some and try again.";
        case EFBIG:
            return "The file would be larger than the file system or the process may have.";
        case ENAMETOOLONG:
            return "The path is too long.";
        case ELOOP:
            return "The path has too many symbolic links.";
        case EMFILE:
        case ENFILE:
            return "Too many files are open: close some.";
        case EBADF:
            return "The descriptor is not open, or not for this.";
        case ENODEV:
            return "The file system cannot map files into memory.";
        case EIO:
            return "The device reports an input/output error.";
        default:
            return "The system refused for a reason of its own.";
    }
}

}  // namespace frc
