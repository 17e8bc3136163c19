# Every target does its own set-up: .ci/setup makes .venv and builds the extension, and only when their sources changed.
# Nothing is needed but make, python3 >= 3.11 and a C++ compiler; pip's own settings (PIP_INDEX_URL, ...) are respected.

PY := .venv/bin/python
READY := .venv/ready
CORE := $(wildcard android_loader/core/*/*.h android_loader/core/*/*.cpp)
CPP := $(CORE) benchmarks/loader/instructions.c $(foreach folder,ci ci/bionic ci/include ci/include/sys fuzz jni tests tests/lite,\
    $(foreach ending,h c cpp,$(wildcard android_loader/$(folder)/*.$(ending))))
SINGLE_THREADED := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help demo test lint format docs android android-qemu executorch bench clean

help:
	@echo "make demo     encode a real trained model, rebuild it, show that it still works"
	@echo "make test     lint and run all tests"
	@echo "make lint     style, types, layering, generated files"
	@echo "make format   let ruff and clang-format write the style"
	@echo "make android  build and check the Android loader without Google's SDK; android-qemu: on ARM, emulated"
	@echo "make executorch  check .pte files with ExecuTorch's own runtime (fetches 1.5 GB once)"
	@echo "make docs     build the documentation into build/docs"
	@echo "make bench    run the benchmarks, results in benchmarks/results"
	@echo "make clean    remove everything these targets made, .venv and downloads included"

$(READY): pyproject.toml .ci/setup CMakeLists.txt android_loader/core/CMakeLists.txt $(CORE)
	@.ci/setup

demo: $(READY)
	@$(PY) -m benchmarks.demo

test: lint
	$(SINGLE_THREADED) $(PY) -m pytest -n auto

lint: $(READY)
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	.venv/bin/clang-format --dry-run -Werror $(CPP)
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PY) spec/generate.py --check

format: $(READY)
	$(PY) -m ruff check --fix
	$(PY) -m ruff format
	.venv/bin/clang-format -i $(CPP)

docs: $(READY)
	$(PY) -m sphinx --quiet --fail-on-warning --keep-going -E -b html -c docs . build/docs

# Each ends with a line "N passed, N failed"; android_loader/ci/setup gets what they need.
android: $(READY)
	@PY=$(abspath $(PY)) android_loader/ci/android

android-qemu: $(READY)
	@PY=$(abspath $(PY)) android_loader/ci/android qemu

executorch: $(READY)
	@PY=$(abspath $(PY)) android_loader/ci/executorch

# A benchmark is a script benchmarks/bench_*.py.
bench: $(READY)
	@for script in benchmarks/bench_*.py; do \
	    test -e "$$script" || { echo "no benchmarks/bench_*.py yet"; break; }; \
	    echo "== $$script"; \
	    $(PY) -m "benchmarks.$$(basename "$$script" .py)" || exit 1; \
	done

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
