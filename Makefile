# Two commands on a fresh machine with Go 1.26 and nothing else:
#
#	make demo     a world of nodes on this machine, and the stories played on it
#	make test     every test
#
# make check is what CI runs; make bench prints the measurements.

SHELL := /bin/bash
.DEFAULT_GOAL := help

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Each fuzz target runs for a count, not for a time, so that a run repeats.
FUZZ        ?= 2000x

# Tests of whole nodes, processes and packages run without the race detector:
# it makes them too slow for every change. Their parts run with it. So do, of
# protocol/, those in which goroutines meet; the rest is pure, and so is
# node/library. Those that take longest begin, so that nothing waits for them.
SHARED := /protocol/agreement$$|/protocol/calendar$$|/protocol/evidence$$|/protocol/register$$
RACE    = ./node/vault ./node/transfer $(shell $(GO) list ./crypto/... ./node/... | grep -v -e '/node$$' -e '/node/library$$') $(shell $(GO) list ./protocol/... | grep -E '$(SHARED)')
WHOLE   = ./cmd/... ./node ./node/library ./testnet/... $(shell $(GO) list ./protocol/... | grep -v -E '$(SHARED)')

# What bench measures by themselves; check runs each once, so that they work.
BENCHED = $(shell $(call having,Benchmark,crypto protocol node/gate node/journal node/link node/vault))

# The packages in folders whose tests have a function of that name: to build the tests
# of all others for it, and find none, takes minutes.
having = grep -rl --include='*_test.go' '^func $(1)[A-Z]' $(2) | xargs -n 1 dirname | sort -u | sed 's,^,./,'

ALL := cmd crypto node protocol testnet

COMITY := bin/comity

# A software token for the tests of PKCS#11, from Debian's packages where none is
# installed: unpacked beside the binary, so that nobody need be root.
SOFTHSM := $(CURDIR)/bin/softhsm

.PHONY: help demo test test-token check bench bench-long build lint fuzz check-vectors clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## the one binary, bin/comity; TAGS=pkcs11 for officers' keys on tokens (needs a C compiler)
	@mkdir -p bin
	$(GO) build -trimpath $(if $(TAGS),-tags $(TAGS)) -o $(COMITY) ./cmd/comity

demo: build ## play the stories on a world of nodes; ONCE=1 exits afterwards
	@$(COMITY) testnet demo $(if $(ONCE),--once)

test: ## every test
	$(GO) test -timeout 10m ./...
	@$(MAKE) --no-print-directory test-token

test-token: ## officers' keys on a token; gets a software token by itself (Debian), and needs a C compiler
	@if ! command -v cc >/dev/null; then echo "no C compiler: keys on tokens were not tested"; exit 0; fi; \
	if ! command -v softhsm2-util >/dev/null && [ ! -x $(SOFTHSM)/usr/bin/softhsm2-util ]; then \
		mkdir -p $(SOFTHSM) && cd $(SOFTHSM) && apt-get download softhsm2 libsofthsm2 >/dev/null 2>&1 \
			&& for deb in *.deb; do dpkg -x $$deb .; done || echo "no SoftHSM2 here, and none to be had: install softhsm2"; \
	fi; cd $(CURDIR) && if [ -x $(SOFTHSM)/usr/bin/softhsm2-util ]; then \
		export SOFTHSM2_UTIL=$(SOFTHSM)/usr/bin/softhsm2-util SOFTHSM2_MODULE=$(SOFTHSM)/usr/lib/softhsm/libsofthsm2.so; \
	fi; $(GO) vet -tags pkcs11 ./node/token ./node/home ./cmd/comity && $(GO) test -count 1 -tags pkcs11 ./node/token \
		&& $(GO) test -count 1 -tags pkcs11 -run TestTokenScripts ./cmd/comity

bench: build ## the measurements, each beside its floor; wants 30 GiB of disk where TMPDIR is
	$(GO) test -run '^$$' -bench . -benchtime 200ms $(BENCHED)
	$(GO) test -count 1 -run TestMeasure -v ./protocol/agreement/library -args -measure
	$(GO) test -timeout 40m -count 1 -run TestMeasure -v ./node -args -measure

bench-long: ## an object of 64 GiB from a provider to an authority, and 10,000,000 files; wants 140 GiB of disk, and 11,000,000 inodes, where TMPDIR is
	$(GO) test -timeout 6h -count 1 -run 'TestMeasureEvidence$$' -v ./node -args -measure -object $$((64 << 30))
	$(GO) test -timeout 6h -count 1 -run 'ManyFiles' -v ./cmd/comity -args -files 10000000
	$(GO) test -timeout 6h -count 1 -run 'ManyListedFiles' -v ./protocol/casepack -args -files 10000000

lint:
	@fmt=$$(gofmt -l $(ALL)); test -z "$$fmt" || { echo "gofmt: $$fmt"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff

fuzz:
	@$(call having,Fuzz,$(ALL)) | GO=$(GO) FUZZ=$(FUZZ) xargs -P 2 -n 1 .ci/fuzz

check-vectors: ## the protocol's vectors, read by a second implementation (needs Node.js 20.19)
	node protocol/testdata/vectors/check.mjs

check: lint ## what CI runs: linters, tests with the race detector, benchmarks once, fuzzers for a count
	$(GO) test -vet=off -race -shuffle=on -timeout 20m $(RACE)
	$(GO) test -vet=off -shuffle=on -timeout 20m $(WHOLE)
	$(MAKE) test-token
	$(GO) test -vet=off -run '^$$' -bench . -benchtime 1x $(BENCHED)
	$(MAKE) fuzz
	@if command -v node >/dev/null; then $(MAKE) check-vectors; else echo "no Node.js: only Go read the vectors"; fi

clean: ## remove what was built
	rm -rf bin
