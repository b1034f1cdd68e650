# Plain make prints this list. What runs here runs the same in .ci/run.

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: check
check: ## format, tidy, vet, staticcheck, the rules, and the tests
	.ci/run format
	.ci/run tidy
	.ci/run vet
	.ci/run staticcheck
	.ci/run rules
	go test ./...

.PHONY: ci
ci: ## everything that is run before a change is taken
	.ci/run

.PHONY: test
test: ## all tests, with those on real model servers (installed from PyPI)
	.ci/run test

.PHONY: race
race: ## all tests with the race detector, and which of them were skipped
	.ci/run race
	.ci/run skips

.PHONY: fuzz
fuzz: ## every fuzz target, for FUZZTIME each (30s)
	FUZZTIME=$(or $(FUZZTIME),30s) .ci/run fuzz

.PHONY: crash
crash: ## simulated crashes, faults, sabotages, kill -9, full disks, in number
	.ci/run crash histories

.PHONY: corrupt
corrupt: ## flipped bits, cuts and swaps in every kind of file
	.ci/run corrupt damage

.PHONY: conformance
conformance: ## the kits and clients against real servers
	.ci/run conformance

.PHONY: quality
quality: ## retrieval, parsing and chunking measured on real files in ../shared/data
	.ci/run quality

.PHONY: bench
bench: ## all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: cover
cover: ## statements covered, package by package
	go test -cover ./... | grep -v 'no test files'

.PHONY: golden
golden: ## rewrite the files that hold the exported API and what the rules find
	go test ./internal/house -run 'TestRules|TestAPI|TestModules|TestPrograms' -rewrite

.PHONY: tidy
tidy: ## write go.mod and go.sum as go mod tidy wants them
	go mod tidy
	cd internal/bench && go mod tidy
