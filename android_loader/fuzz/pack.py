"""Keep of what a fuzzer has found only what adds to the seeds: `python pack.py FUZZER FOUND SEEDS OUTPUT.zip`.

FUZZER is a libFuzzer program, FOUND and SEEDS are folders. The archive has the same bytes for the same inputs.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def main() -> None:
    """Merge, and pack what is not a seed."""
    fuzzer, found, seeds, output = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        shutil.copytree(seeds, kept)
        known = {path.read_bytes() for path in kept.iterdir()}
        merge = [fuzzer.resolve(), "-set_cover_merge=1", "-max_len=2048", kept, found.resolve()]
        subprocess.run(merge, check=True, cwd=folder)
        inputs = sorted({path.read_bytes() for path in kept.iterdir()} - known)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for content in inputs:
            name = hashlib.sha256(content).hexdigest()[:16]
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    print(f"{output}: {len(inputs)} inputs, {output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
