# archwalk. Bare `make` lists the targets. Every target sets up what it needs first; what is there is skipped.
# ARGS goes to the command behind a target:  make train ARGS='--benchmark nasbench201 --minutes 5'

MAKEFLAGS += --no-print-directory --no-builtin-rules
SHELL := /bin/sh
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup train check test test-chaos test-boosters bench-boosters test-docker test-k8s bench bench-peers up down docs api-docs surrogate surrogate-kernel

help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name what; do printf '%-22s %s\n' "$$name" "$$what"; done

setup: ## npm packages, TensorFlow library, Redis server, engine, dist/ (only what is missing)
	@scripts/setup.sh

train: setup ## train an agent on this machine; ends with an evaluation table (ARGS='--benchmark nasbench201 …')
	@node dist/services/cli/main.js train $(ARGS)

check: setup ## types, lint, import cycles
	@scripts/check.sh

test: setup ## unit, contract, integration and learning tests (ARGS='test/shared/mdp' for some of them)
	@npx --no-install vitest run $(ARGS)

test-chaos: setup ## a real run under faults, counted from outside (CHAOS_MINUTES=10, CHAOS_SEED=1; docs/chaos.md)
	@npx --no-install vitest run --config vitest.chaos.config.ts $(ARGS)

bench: setup ## measure replay, environment, benchmarks, stream and engine (JSON=1: only the JSON lines)
	@for part in replay environment benchmarks nasbench101 stream engine; do node dist/scripts/bench/$$part.js $(if $(JSON),2>/dev/null); done

PEERS = .deps/peers/bin/python
bench-peers: setup ## the figures that have a peer, beside it in the same run (the engine's only after scripts/bench/peers/install.sh engine)
	@scripts/bench/peers/install.sh >/dev/null
	@for part in benchmarks nasbench101; do node dist/scripts/bench/$$part.js $(if $(JSON),2>/dev/null); done
	@if $(PEERS) -c 'import torch' 2>/dev/null; then ARCHWALK_PEER_PYTHON=$(PEERS) node dist/scripts/bench/engine.js --peers eager,eager-dense,compiled,compiled-dense $(if $(JSON),2>/dev/null); fi

test-boosters: setup ## NAS-Bench-301's tree ensembles against xgboost and lightgbm in Python (installs both in .deps/boosters, 300 MB)
	@scripts/bench/peers/installBoosters.sh >/dev/null
	@npx --no-install vitest run test/shared/benchmarks/nasbench301/ensemblePython.test.ts $(ARGS)

bench-boosters: setup ## NAS-Bench-301's tree ensembles beside xgboost and lightgbm in Python, one thread
	@scripts/bench/peers/installBoosters.sh >/dev/null
	@node dist/scripts/bench/ensembles.js --peers $(if $(JSON),2>/dev/null)

test-docker: setup ## the compose file on real Docker: learning, scaling, a killed learner (ARCHWALK_BASE_IMAGES: docs/deploy.md)
	@npx --no-install vitest run --config vitest.deploy.config.ts test/docker $(ARGS)

test-k8s: setup ## render the Kubernetes manifests with kubectl and check what they say
	@npx --no-install vitest run --config vitest.deploy.config.ts test/k8s $(ARGS)

COMPOSE = $$(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
up: ## build the image and start a run in Docker (ARGS='--scale actor=32')
	@$(COMPOSE) up --build --detach $(ARGS)

down: ## stop the run in Docker; its volumes stay (ARGS=--volumes removes them)
	@$(COMPOSE) down $(ARGS)

docs: setup ## write the generated pages (docs/configuration.md)
	@node dist/scripts/docs/configuration.js

api-docs: setup ## the library's reference as pages, in docs/api/
	@npx --no-install typedoc

surrogate: setup ## train NAS-Bench-301's embedded surrogate anew (20 minutes; needs YAHPO's file in ARCHWALK_DATA)
	@node dist/scripts/surrogate/makeSurrogate.js

surrogate-kernel: setup ## assemble the surrogates' SIMD kernel from its source
	@node dist/scripts/surrogate/buildKernel.js
