# Every verb of the project. `make` lists them; HACKING.md says more.
.NOTPARALLEL:
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
SECONDS_EACH ?= 60

help: ## list these
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

run: build ## build, start a server, send and receive one message
	@tools/first-message build/release/bolide

build: ## build build/release/bolide
	@tools/deps build
	@tools/configure release
	@cmake --build --preset release --target bolide bolide_shared bolide_static

docs: ## the API reference of the C++ library, build/docs/index.html
	@tools/deps docs
	@tools/docs

test: ## everything: unit tests, style, scenarios, sanitizers, fuzzers, real clients
	@tools/deps build test fuzz interop docs
	@tools/verify

bench: ## the benchmarks beside the code; FILTER=regex
	@tools/deps build test
	@tools/configure release
	@cmake --build --preset release --target benches
	@tools/bench $(FILTER)

speed: ## what a message costs a program, by client library; needs two quiet cores
	@tools/deps build interop
	@tools/configure release
	@cmake --build --preset release --target bolide client_speed
	@tests/bench/client_speed

fuzz: ## every fuzzer for SECONDS_EACH (60)
	@tools/deps build fuzz
	@tools/configure fuzz
	@cmake --build --preset fuzz
	@tools/fuzz build/fuzz $(SECONDS_EACH)

format: ## lay out the C++ files
	@tools/deps format
	@tools/format

lint: ## clang-tidy and the style rules
	@tools/deps build test fuzz lint
	@tools/configure clang
	@tools/lint

install: build ## install to PREFIX (/usr/local); DESTDIR is honoured
	@cmake --install build/release --prefix $(PREFIX) --strip

clean: ## remove build/
	@rm -rf build

.PHONY: help run build docs test bench speed fuzz format lint install clean
