.DEFAULT_GOAL := help
.PHONY: help demo test compat bench deny advisories

# Versions of tools that are built into .tools/.
CARGO_DENY_VERSION := 0.20.2
DENY := .tools/bin/cargo-deny

help: ## Say what there is (this)
	@grep -E "^[a-z]+: .*## " $(MAKEFILE_LIST) | sed -E "s/^([a-z]+):.*## /  make \1\t/" | expand -t 20

demo: ## Compile the refund example, decide its inputs, show size and time
	@bash scripts/demo.sh

test: ## Run everything: format, tests, decisions of actra 0.7.8, lints, documentation
	@bash scripts/test.sh

compat: ## Compare decisions with the actra 0.7.8 package at length (CASES=10000 SEED=1)
	cargo run --release --locked -p xtask -- compat --cases $(or $(CASES),10000) --seed $(or $(SEED),1)

bench: ## Measure workloads against hand-written code, as ratios within one run
	cargo run --release --locked -p actra-benches --bin ratios

deny: $(DENY) ## Check licences, bans and sources of dependencies (builds cargo-deny first: minutes)
	$(DENY) check licenses bans sources

advisories: $(DENY) ## Check dependencies against the RustSec advisory database (fetched from GitHub)
	$(DENY) check advisories

$(DENY):
	cargo install --locked --root .tools --version $(CARGO_DENY_VERSION) cargo-deny
