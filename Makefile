# Two commands do the work: `make demo` shows the thing, `make test` checks it. Both install what they need first (as root, on Debian 12).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: docker-test help demo down test drill rehearse soak lint bench build release

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## two local Regions with WordPress, a switch between them, what it cost; the site stays up
	@scripts/demo.sh

down: ## stops the demo
	@/usr/bin/python3 demo/down

test: ## everything that checks itself; KEEP_GOING=1 goes on after a failed phase
	@scripts/test.sh

drill: ## faults under load, each held against its limits; ARGS="blackhole --quick" chooses
	@scripts/drill.sh $(ARGS)

rehearse: ## a Region is lost, with DNS, alarm and controller, beside the usual recipe; ARGS="--quick" is short
	@scripts/rehearse.sh $(ARGS)

soak: ## large numbers, counted: stale sessions, lost changes, locks; ARGS="locks --scale 0.1" chooses
	@scripts/soak.sh $(ARGS)

docker-test: ## two Regions in containers, one cut off by Docker's own means; ARGS="--prebuilt target/debug" compiles nothing
	@scripts/docker-test.sh $(ARGS)

lint: ## formatting and static checks
	@scripts/setup.sh
	@scripts/lint.sh

bench: ## what a page waits for its session, beside Redis, Memcached and files; ARGS="--quick" is short
	@scripts/bench.sh $(ARGS)

build: ## the extension and the lab, quick profile, to target/debug
	@scripts/build.sh

release: ## packages, archives, the plugin's zip and what they consist of, to dist/; ARGS="plugin" makes one part
	@scripts/release.sh $(ARGS)
