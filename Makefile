# Điểm Cầu. `make run` starts a demonstration, `make test` proves it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
GO_SOURCES := $(shell find cmd internal moderation sfu signaling web -name '*.go' -o -name '*.lua' -o -name 'go.mod' 2>/dev/null)
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
LINT := bin/golangci-lint

.PHONY: help run build web test test-go test-web test-e2e firefox soak bench check fmt generate clean need

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build everything and start the demonstration on http://127.0.0.1:8080
	exec bin/diemcau serve --demo

build: web bin/diemcau ## the pages and bin/diemcau

web: web/dist/.built ## the pages only

web/node_modules/.installed: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch node_modules/.installed

web/dist/.built: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	touch dist/.built

bin/diemcau: web/dist/.built $(GO_SOURCES) go.mod go.sum
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/diemcau

need: ## install what the tests need (as root), or name the packages
	@scripts/need.sh

test: need build ## every test in its CI size; ends with the acceptance table
	@rm -rf artifacts/results && mkdir -p artifacts/results
	failed=0
	$(MAKE) --no-print-directory test-web || failed=1
	$(MAKE) --no-print-directory test-go || failed=1
	$(MAKE) --no-print-directory test-e2e || failed=1
	go run ./cmd/acceptance table docs/acceptance.md artifacts/results || failed=1
	exit $$failed

test-go: ## Go packages with the race detector
	@mkdir -p artifacts/results
	go run ./cmd/acceptance go artifacts/results/go.json -- go test -race -timeout 25m -json ./...

test-web: web/node_modules/.installed ## pages: types, units, size budget
	@mkdir -p artifacts/results
	cd web
	npm run --silent check
	npm test --silent -- --reporter=default --reporter=json --outputFile.json=../artifacts/results/vitest.json
	npm run --silent budget

test-e2e: build ## real Chromium against bin/diemcau
	@mkdir -p artifacts/results artifacts/screens
	cd web
	node --test --test-concurrency=1 --test-reporter=spec --test-reporter-destination=stdout \
		--test-reporter=tap --test-reporter-destination=../artifacts/results/e2e.tap e2e/*.test.mjs

firefox: build ## the pages in Firefox: watch, join, look; pictures in artifacts/firefox
	scripts/need.sh firefox
	cd web && node --test --test-concurrency=1 --test-reporter=spec e2e/firefox.look.mjs

soak: need build ## the full figures (all, or IDS="Q5 Q6"); resumable; writes docs/results/soak.md
	go run ./cmd/acceptance soak docs/acceptance.md docs/results/soak.md $(IDS)

bench: build ## the benchmark tables, each beside its physical limit
	scripts/need.sh bench
	go test -run '^$$' -bench . -benchtime 2s -timeout 30m ./internal/... ./moderation/... ./sfu/... ./signaling/... | tee artifacts/bench.txt
	cd web && node --test --test-concurrency=1 --test-reporter=spec e2e/*.bench.mjs | tee -a ../artifacts/bench.txt

$(LINT): tools/lint/go.mod tools/lint/go.sum
	go build -modfile=tools/lint/go.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

check: $(LINT) web/node_modules/.installed ## formatters, linters, architecture, generated code
	go mod tidy -diff
	go vet ./...
	$(LINT) fmt --diff
	$(LINT) run --timeout 20m
	go test -count=1 ./internal/archtest
	go generate ./...
	git diff --exit-code -- web/src/wire
	cd web && npm run --silent check

fmt: $(LINT) ## format the Go code
	$(LINT) fmt

generate: ## the wire types of the pages
	go generate ./...

clean: ## remove what was built; keeps ./data
	rm -rf bin artifacts web/dist/assets web/dist/*.html web/dist/desk* web/dist/.built web/node_modules
