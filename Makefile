# make only maps variables onto `python -m training ...` and `python -m zoo ...`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
VPYTHON := $(VENV)/bin/python
# One worker per processor, but at most eight, because each takes up to two gigabytes of memory.
PYTEST := $(VPYTHON) -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup ready train compare report evaluate publish tensorboard test test-slow test-all lint format bench chaos fuzz figures readme clean

help:
	@echo "make train MODEL=ae_subpixel [DATA=mnist] [STEPS=n] [STRATEGY=auto] [WORKERS=1] [SEED=0] [PRECISION=float32]"
	@echo "           [INIT=name|runs/...] [RESUME=1] [JIT=auto|0|1] [RECIPE=gpu] [SET=\"batch=256 model.filters=48\"]"
	@echo "make compare FAMILY=ae [SCALE=3] [SEEDS=3] [UPSAMPLERS=subpixel,transpose] [DATA=mnist] [STEPS=n]"
	@echo "           [FAIRNESS=own,mapped,cost] [SET=...]; make report FAMILY=ae [SCALE=3] [DATA=mnist]"
	@echo "make evaluate MODEL=ae_subpixel|runs/... [DATA=mnist] [FEATURES=inception]"
	@echo "make publish RUN=runs/ae_subpixel/<id> [FORCE=1]; make publish REFRESH=name"
	@echo "make chaos [KILLS=50]; make fuzz [COUNT=20000] [SECONDS=n] [SEED=0]"
	@echo "make setup [GPU=1] [PYTHON=python3.12], tensorboard, test, test-slow, test-all, lint, format, bench, figures, readme, clean"

# The content of requirements.txt decides, not its date, so that a new clone with an old .venv installs nothing.
ready:
	@cmp -s requirements.txt $(VENV)/requirements.installed || $(MAKE) --no-print-directory setup

setup:
	@test -x $(VPYTHON) || $(PYTHON) -m venv $(VENV)/
	@echo "installing requirements.txt into $(VENV)/ (a few minutes the first time)"
	@# The choice of a GPU is kept for later. Both packages install the same files, so the other one is removed first.
	@$(if $(GPU),touch $(VENV)/gpu && $(VPYTHON) -m pip uninstall --quiet --yes tensorflow-cpu 2> /dev/null,true)
	@sed "$$(test ! -e $(VENV)/gpu || echo 's/^tensorflow-cpu==/tensorflow[and-cuda]==/')" requirements.txt \
	  > $(VENV)/requirements.wanted
	@$(VPYTHON) -m pip install --quiet --use-pep517 --disable-pip-version-check -r $(VENV)/requirements.wanted
	@cp requirements.txt $(VENV)/requirements.installed

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
	  $(if $(FEATURES),--features '$(FEATURES)')

publish: ready
	@$(VPYTHON) -m training publish $(if $(RUN),--run '$(RUN)') $(if $(REFRESH),--refresh '$(REFRESH)') $(if $(filter 1,$(FORCE)),--force)

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
	@$(VPYTHON) -m scripts.figures_equivalence
	@$(VPYTHON) -m scripts.super_resolution
	@$(VPYTHON) -m scripts.findings

readme: figures
	@$(VPYTHON) -m scripts.tables
	@$(VPYTHON) -m scripts.notebook

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
