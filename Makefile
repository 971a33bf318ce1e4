# What a person types. Cargo does the work; scripts/setup.sh sees to what cargo cannot bring.

# Compiled dependencies live outside the checkout, so that a fresh clone does not build Bevy again.
CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/connmapperl/target
export CARGO_TARGET_DIR
# A cargo that rustup has only just installed is not yet on the path of this shell.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

# Where to install, and which programs: make install PREFIX=/usr PROGRAMS="ip2asn connmapperl-client"
PREFIX ?= /usr/local
DESTDIR ?=
PROGRAMS ?= connmapperl ip2asn connmapperl-client
export PREFIX DESTDIR

# Arguments for the program: make run ARGS="--demo world"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test agent build install uninstall deb dist pages $(PROGRAMS:%=build-%)

help: ## show these lines
	@echo 'connmapperl: the connections of this machine on a world map'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  make run ARGS="--demo world" passes arguments on.'
	@echo '  make build PROGRAMS="ip2asn connmapperl-client" is of these alone, and so are install, uninstall, deb and dist.'
	@echo '  make install PREFIX=/usr DESTDIR=/tmp/root installs elsewhere than in /usr/local.'
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

# What is shipped says of which day its source is, and nothing of where, when and by whom it was built: the same source
# makes the same bytes.
version = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)
date = $(shell date -u -d @$(SOURCE_DATE_EPOCH) +%F)
ifneq ($(SOURCE_DATE_EPOCH),)
export SOURCE_DATE_EPOCH
shipped = CONNMAPPERL_VERSION='$(version) ($(date))'
endif
nowhere = --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo

# Static, so that it runs wherever that kind of processor does; docs/cross-build.md has other processors. Only what is
# built for a named target is told so: other builds stay as they are.
agent: ## build the agent alone: small, static, for servers and routers
	@target="$${AGENT_TARGET:-$$(rustc -vV | sed -n 's/^host: //p')}" && \
	env "CARGO_TARGET_$$(echo "$$target" | tr a-z- A-Z_)_RUSTFLAGS=-C target-feature=+crt-static $(nowhere)" \
		$(shipped) cargo build --locked --profile agent --no-default-features --bin connmapperl-client --target "$$target" && \
	wc -c "$$CARGO_TARGET_DIR/$$target/agent/connmapperl-client"

# Beside each program the licences of what is linked into it.
licences = scripts/licences.sh $(1) >build/$(1).licences.part && mv build/$(1).licences.part build/$(1).licences

# In build/, and not where cargo puts it: root's cargo, if there is one, looks elsewhere.
build: $(PROGRAMS:%=build-%) ## build what make install installs, into build/

build-connmapperl: setup
	env RUSTFLAGS="$(RUSTFLAGS) $(nowhere)" $(shipped) cargo build --locked --profile dist --bin connmapperl
	install -D "$(CARGO_TARGET_DIR)/dist/connmapperl" build/connmapperl
	$(call licences,connmapperl)

build-ip2asn:
	env RUSTFLAGS="$(RUSTFLAGS) $(nowhere)" $(shipped) cargo build --locked --profile dist --no-default-features \
		--features whois --bin ip2asn
	install -D "$(CARGO_TARGET_DIR)/dist/ip2asn" build/ip2asn
	$(call licences,ip2asn)

build-connmapperl-client: agent
	install -D "$(CARGO_TARGET_DIR)/$${AGENT_TARGET:-$$(rustc -vV | sed -n 's/^host: //p')}/agent/connmapperl-client" \
		build/connmapperl-client
	$(call licences,connmapperl-client)

install: ## install what was built, below PREFIX; compiles nothing
	@scripts/install.sh install $(PROGRAMS)

uninstall: ## take away what was installed; configuration, history and data stay
	@scripts/install.sh uninstall $(PROGRAMS)

deb: ## make Debian packages of what was built, in build/ (needs cargo-deb)
	@scripts/package.sh deb $(PROGRAMS)

dist: ## make tar archives of what was built, in build/
	@scripts/package.sh tar $(PROGRAMS)

pages: ## write man pages and completions anew, after a change of the arguments
	WRITE_PAGES=1 cargo test --locked --test 'pages_*' those_of_the_arguments
