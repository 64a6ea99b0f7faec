# make only maps variables onto `python -m training ...` and `python -m zoo ...`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
VPYTHON := $(VENV)/bin/python
DOCS_VENV := .venv-docs
# Show what pip does in one line that changes, or in a few lines where there is no terminal.
install = $(2) scripts/install.py $(1)
# One worker per processor, but at most eight, because each takes up to two gigabytes of memory.
PYTEST := $(VPYTHON) -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal

VARIABLES := COUNT DATA DEGRADATION DOCS_VENV FAIRNESS FAMILY FEATURES FORCE GPU INIT JIT KILLS MODEL PRECISION PYTEST PYTHON \
  RECIPE REFRESH RESUME RUN SCALE SECONDS SEED SEEDS SET STEPS STRATEGY TAG UPSAMPLERS VENV WORKERS
# A misspelt variable would be ignored, and a training would do something else than was asked for.
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
UNKNOWN := $(filter-out $(VARIABLES),$(GIVEN))
ifneq ($(UNKNOWN),)
  $(error there is no variable $(UNKNOWN); 'make' alone lists them)
endif

# A target that cannot start says so before anything is installed.
needs = $(if $(filter $(1),$(MAKECMDGOALS)),$(if $(strip $(2)),,$(error make $(1) needs $(3))))
$(call needs,train,$(MODEL),a name: make train MODEL=ae_subpixel; python -m zoo list prints all)
$(call needs,evaluate,$(MODEL),a name or the folder of a run: make evaluate MODEL=ae_subpixel)
$(call needs,compare,$(FAMILY),a family: make compare FAMILY=ae)
$(call needs,report,$(FAMILY),a family: make report FAMILY=ae)
$(call needs,publish,$(RUN)$(REFRESH),a run: make publish RUN=runs/ae_subpixel/<id>; or a published name: REFRESH=ae_subpixel)

.DEFAULT_GOAL := help
.PHONY: help setup ready docs-ready train compare report evaluate publish tensorboard test test-slow test-all lint format bench chaos fuzz figures readme docs docs-serve clean

help:
	@echo "Variables stand after the target, as in make train MODEL=ae_subpixel. Those in brackets may be left out."
	@echo
	@echo "Train      train MODEL=ae_subpixel [DATA=mnist] [STEPS=n] [SEED=0] [INIT=name|runs/...] [RESUME=0]"
	@echo "           [RECIPE=gpu] [SET=\"batch=256 model.filters=48\"] [PRECISION=mixed_bfloat16]"
	@echo "           [STRATEGY=auto] [WORKERS=2] [JIT=auto|0|1]"
	@echo "           evaluate MODEL=ae_subpixel|bicubic_x3|runs/... [DATA=folder:PATH] [FEATURES=inception]"
	@echo "           [DEGRADATION=jpeg:40]"
	@echo "           tensorboard"
	@echo "Compare    compare FAMILY=ae [SCALE=3] [SEEDS=3] [UPSAMPLERS=subpixel,transpose] [DATA=mnist] [STEPS=n]"
	@echo "           [FAIRNESS=own,mapped,cost] [SET=...]"
	@echo "           report FAMILY=ae [SCALE=3] [DATA=mnist]"
	@echo "Publish    publish RUN=runs/ae_subpixel/<id> [TAG=photo] [FORCE=1], or publish REFRESH=name"
	@echo "Install    setup [GPU=1] [PYTHON=python3.12]; every target does this on first use"
	@echo "Check      test, test-slow, test-all, lint, format, bench, chaos [KILLS=50],"
	@echo "           fuzz [COUNT=20000] [SECONDS=n] [SEED=0]"
	@echo "Pages      docs, docs-serve, figures, readme; clean"
	@echo
	@echo "Models are used with python -m zoo: list, card, verify, upscale, sample, convert, export, demo. See README.md."

# The content of requirements.txt decides, not its date, so that a new clone with an old .venv installs nothing.
ready:
	@cmp -s requirements.txt $(VENV)/requirements.installed || $(MAKE) --no-print-directory setup

setup:
	@# An environment whose making was interrupted has no pip; making it again completes it.
	@$(VPYTHON) -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv $(VENV)/
	@$(if $(filter command,$(origin PYTHON)),wanted="$$($(PYTHON) -V)" && { test "$$wanted" = "$$($(VPYTHON) -V)" || { \
	  echo "$(VENV) has $$($(VPYTHON) -V) and $(PYTHON) is $$wanted; remove $(VENV) to change it" >&2; exit 2; }; },true)
	@# The choice of a GPU is kept for later. Both packages install the same files, so the other one is removed first.
	@$(if $(GPU),touch $(VENV)/gpu && $(VPYTHON) -m pip uninstall --quiet --yes tensorflow-cpu 2> /dev/null,true)
	@sed "$$(test ! -e $(VENV)/gpu || echo 's/^tensorflow-cpu==/tensorflow[and-cuda]==/')" requirements.txt \
	  > $(VENV)/requirements.wanted
	@$(call install,$(VENV)/requirements.wanted,$(VPYTHON))
	@cp requirements.txt $(VENV)/requirements.installed

# Tools that only pages need have an environment of their own.
docs-ready:
	@cmp -s docs/requirements.txt $(DOCS_VENV)/requirements.installed || { \
	  { $(DOCS_VENV)/bin/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv $(DOCS_VENV)/; } && \
	  $(call install,docs/requirements.txt,$(DOCS_VENV)/bin/python) && \
	  cp docs/requirements.txt $(DOCS_VENV)/requirements.installed; }

# Not --quiet, with which mkdocs does not count its warnings.
docs: docs-ready
	@NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict && echo "the site: site/index.html"

docs-serve: docs-ready
	@NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs serve --strict

train: ready
	@$(VPYTHON) -m training train $(if $(MODEL),--model '$(MODEL)') $(if $(DATA),--data '$(DATA)') \
	  $(if $(STEPS),--steps '$(STEPS)') $(if $(STRATEGY),--strategy '$(STRATEGY)') $(if $(WORKERS),--workers '$(WORKERS)') \
	  $(if $(SEED),--seed '$(SEED)') \
	  $(if $(PRECISION),--precision '$(PRECISION)') $(if $(RECIPE),--recipe '$(RECIPE)') $(if $(INIT),--init '$(INIT)') \
	  $(if $(filter 0,$(RESUME)),--no-resume) $(if $(JIT),--jit '$(JIT)') $(if $(SET),--set $(foreach word,$(SET),'$(word)'))

compare: ready
	@$(VPYTHON) -m training compare $(if $(FAMILY),--family '$(FAMILY)') $(if $(SCALE),--scale '$(SCALE)') \
	  $(if $(SEEDS),--seeds '$(SEEDS)') $(if $(UPSAMPLERS),--upsamplers '$(UPSAMPLERS)') $(if $(DATA),--data '$(DATA)') \
	  $(if $(STEPS),--steps '$(STEPS)') $(if $(FAIRNESS),--fairness '$(FAIRNESS)') \
	  $(if $(SET),--set $(foreach word,$(SET),'$(word)'))

report: ready
	@$(VPYTHON) -m training report $(if $(FAMILY),--family '$(FAMILY)') $(if $(SCALE),--scale '$(SCALE)') \
	  $(if $(DATA),--data '$(DATA)')

evaluate: ready
	@$(VPYTHON) -m training evaluate $(if $(MODEL),--model '$(MODEL)') $(if $(DATA),--data '$(DATA)') \
	  $(if $(FEATURES),--features '$(FEATURES)') $(if $(DEGRADATION),--degradation '$(DEGRADATION)')

publish: ready
	@$(VPYTHON) -m training publish $(if $(RUN),--run '$(RUN)') $(if $(REFRESH),--refresh '$(REFRESH)') $(if $(TAG),--tag '$(TAG)') \
	  $(if $(filter 1,$(FORCE)),--force)

tensorboard: ready
	@TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=0 $(VENV)/bin/tensorboard --logdir runs

test: ready
	@$(PYTEST)

test-slow: ready
	@$(PYTEST) -m slow

test-all: ready
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory test-slow

lint: ready
	@$(VPYTHON) -m ruff check .
	@$(VPYTHON) -m ruff format --check .
	@$(VPYTHON) -m mypy
	@$(VPYTHON) -m scripts.imports --quiet

format: ready
	@$(VPYTHON) -m ruff check --fix .
	@$(VPYTHON) -m ruff format .

bench: ready
	@$(VPYTHON) -m benchmarks.layers
	@$(VPYTHON) -m benchmarks.convert
	@$(VPYTHON) -m benchmarks.super_resolution
	@$(VPYTHON) -m benchmarks.training
	@$(VPYTHON) -m benchmarks.scaling
	@$(VPYTHON) -m benchmarks.runtimes
	@$(VPYTHON) -m benchmarks.serving

fuzz: ready
	@$(VPYTHON) -m benchmarks.robustness.fuzz $(if $(COUNT),--count '$(COUNT)') $(if $(SECONDS),--seconds '$(SECONDS)') \
	  $(if $(SEED),--seed '$(SEED)')

# Kill one training at random moments, and another one while it writes.
chaos: ready
	@$(VPYTHON) -m benchmarks.robustness.chaos $(if $(KILLS),--kills '$(KILLS)')
	@$(VPYTHON) -m benchmarks.robustness.chaos --aimed --kills 8 --steps 200
	@$(VPYTHON) -m benchmarks.robustness.faults

figures: ready
	@$(VPYTHON) -m scripts.figures
	@$(VPYTHON) -m scripts.figures_cards
	@$(VPYTHON) -m scripts.figures_equivalence
	@$(VPYTHON) -m scripts.super_resolution
	@$(VPYTHON) -m scripts.findings

readme: ready
	@$(VPYTHON) -m scripts.tables
	@$(VPYTHON) -m scripts.notebook

clean:
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)*/*' -prune -exec rm -rf {} +
