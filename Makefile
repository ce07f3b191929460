# Antiphon's front door. Each target is thin: it calls cargo, npm or xtask, and CONTRIBUTING.md says what each is for.

SHELL := /bin/bash
# How long `make crash` kills and restarts the server, in seconds.
CRASH_SECONDS ?= 600
# Continuous integration throws the target folder away, so incremental files would only cost time.
ifdef CI
export CARGO_INCREMENTAL = 0
endif

.PHONY: run test build bench crash lint fmt web
.DEFAULT_GOAL := build

## Builds everything and starts the demo: a server with sample data and simulated phones.
run: build
	target/release/antiphon demo

## Everything that must be green before a change lands: lints, all tests, browser and client tests, a short crash round.
test:
	@xtask/prerequisites.sh chromium
	cargo run --quiet --locked --package xtask -- test

## Leaves the release binary, with the web workspace inside, at target/release/antiphon.
build: web
	cargo build --release --locked --package antiphon-server

## The web workspace alone, into web/dist.
web:
	@xtask/prerequisites.sh
	cd web && npm ci --no-audit --no-fund && npm run build

## Measures the product beside its own baselines and rewrites bench/RESULTS.md.
bench: build
	cargo build --release --locked --package antiphon-bench
	target/release/antiphon-bench all

## kill -9 in a loop under load for CRASH_SECONDS; exits 1 on anything lost, doubled or out of order.
crash: build
	cargo build --release --locked --package antiphon-bench
	target/release/antiphon-bench crash --seconds $(CRASH_SECONDS)

## The lints of `make test` without its tests.
lint:
	@xtask/prerequisites.sh
	cargo run --quiet --locked --package xtask -- lint

## Formats the Rust sources.
fmt:
	cargo fmt --all
