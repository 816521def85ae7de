.DEFAULT_GOAL := help
.PHONY: help demo test test-go test-go-service test-go-leaks test-python test-integrations test-sanitizers wheel abi callgrind install uninstall compat bench bench-quick bench-peers bench-analysis test-engines replay-memory soak fuzz mutants deny advisories

# Versions of tools that are built into .tools/.
CARGO_DENY_VERSION := 0.20.2
DENY := .tools/bin/cargo-deny

help: ## Say what there is (this)
	@grep -E "^[a-z-]+: .*## " $(MAKEFILE_LIST) | sed -E "s/^([a-z-]+):.*## /  make \1\t/" | expand -t 24

demo: ## Compile the refund example, decide its inputs, show size and time
	@bash scripts/demo.sh

test: ## Run everything: format, tests, decisions of actra 0.7.8, lints, documentation
	@bash scripts/test.sh

compat: ## Compare decisions with the actra 0.7.8 package at length (CASES=10000 SEED=1)
	cargo run --release --locked -p xtask -- compat --cases $(or $(CASES),10000) --seed $(or $(SEED),1)

bench: ## Measure workloads from Rust, C, Go and Python, beside other engines, as ratios within one run
	@bash scripts/bench.sh

bench-quick: ## The same in a few minutes: short samples, W2 up to 1,000 rules (OUT=FOLDER writes)
	@bash scripts/bench.sh --quick $(if $(OUT),--out $(OUT))

bench-peers: ## The same, and build the Rust peers first (440 packages; minutes)
	@bash scripts/bench.sh --peers

bench-analysis: ## Measure the analysis of policies as they grow (OUT=FOLDER writes JSON and plots; minutes)
	@cargo build --release --locked -p actra-benches --bin analysis
	@mkdir -p $(or $(OUT),target/analysis)
	@target/release/analysis $(QUICK) $(or $(OUT),target/analysis)

test-engines: ## Test the examples for DataFusion and Spark (minutes to build and install)
	@bash scripts/test-engines.sh

replay-memory: ## Replay logs of 2 GB and see that memory does not grow (minutes, 2 GB of disk)
	@cargo build --release --locked -p actra-cli && bash scripts/replay-memory.sh

soak: ## Replace policies while two threads decide, for MINUTES=10; writes benches/SOAK.md, soak.json
	@cargo build --release --locked -p actra-benches --bin soak
	@target/release/soak $(or $(MINUTES),10) target/soak.json >target/soak.md
	@mv target/soak.json benches/soak.json && mv target/soak.md benches/SOAK.md && cat benches/SOAK.md

install: ## Install libactra for C and C++ (PREFIX=/usr/local DESTDIR= RUNTIME_ONLY=)
	@bash scripts/install.sh install

uninstall: ## Take away what `make install` has put there (with the same PREFIX)
	@bash scripts/install.sh uninstall

test-go: ## Test the Go binding (part of `make test`)
	@bash scripts/test-go.sh

test-go-service: ## Test the example service in Go (part of `make test`)
	@bash scripts/test-go-service.sh

test-python: ## Test the Python binding (part of `make test`)
	@bash scripts/test-python.sh

test-integrations: ## Test the Python integrations against the real packages (150 of them; minutes)
	@bash scripts/test-python-integrations.sh

wheel: ## Build a Python wheel with libactra inside, into target/wheels/
	@bash scripts/wheel.sh

test-go-leaks: ## Load, decide and free a million times from Go, and look at memory (minutes)
	@bash scripts/test-go.sh leaks

test-sanitizers: ## Test libactra with its Rust side instrumented, and the Python extension (minutes)
	@bash scripts/test-c.sh sanitizers
	@bash scripts/test-python-sanitizers.sh

abi: ## Keep today's ABI of libactra as the one that the tests compare with
	@bash scripts/abi.sh update

callgrind: ## Count instructions per evaluation and compare them with those kept (5 % more fails)
	@bash scripts/callgrind.sh

fuzz: ## Fuzz each target for T seconds (T=60; builds cargo-fuzz first)
	@bash scripts/fuzz.sh $(or $(T),60)

mutants: ## Change what decides in thousands of places, one at a time; the tests must notice (ONLY=text: only such; hours)
	@bash scripts/mutants.sh $(if $(ONLY),--only "$(ONLY)")

deny: $(DENY) ## Check licences, bans and sources of dependencies (builds cargo-deny first: minutes)
	$(DENY) check licenses bans sources

advisories: $(DENY) ## Check dependencies against the RustSec advisory database (fetched from GitHub)
	$(DENY) check advisories

$(DENY):
	cargo install --locked --root .tools --version $(CARGO_DENY_VERSION) cargo-deny
