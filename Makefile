# What a person types. Cargo does the work; scripts/setup.sh sees to what cargo cannot bring.

# Compiled dependencies live outside the checkout, so that a fresh clone does not build Bevy again.
CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/connmapperl/target
export CARGO_TARGET_DIR
# A cargo that rustup has only just installed is not yet on the path of this shell.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

# Arguments for the program: make run ARGS="--demo world"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test agent

help: ## show these lines
	@echo 'connmapperl: the connections of this machine on a world map'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  make run ARGS="--demo world" passes arguments on.'
	@echo '  The first build takes some 20 minutes on two cores; it goes to'
	@echo '  $(CARGO_TARGET_DIR) (CARGO_TARGET_DIR=... for another place).'

setup: ## look for what is needed to build and run, and install it on Debian and Ubuntu
	@scripts/setup.sh run

run: setup ## build, and open the map
	@cargo run --locked -- $(ARGS)

# Package by package: building the whole workspace at once would mix features and compile Bevy a second time.
test: ## build, and run all tests, those with a window included
	@scripts/setup.sh test
	cargo test --locked
	cargo test --locked --package xtask
	cargo test --locked --no-default-features
	cargo test --locked --no-default-features --features whois

# Static, so that it runs wherever that kind of processor does; docs/cross-build.md has other processors. Only what is
# built for a named target is told so: other builds stay as they are.
agent: ## build the agent alone: small, static, for servers and routers
	@target="$${AGENT_TARGET:-$$(rustc -vV | sed -n 's/^host: //p')}" && \
	env "CARGO_TARGET_$$(echo "$$target" | tr a-z- A-Z_)_RUSTFLAGS=-C target-feature=+crt-static" cargo build --locked \
		--profile agent --no-default-features --bin connmapperl-client --target "$$target" && \
	wc -c "$$CARGO_TARGET_DIR/$$target/agent/connmapperl-client"
