# make run    sets everything up, shows the main job against embedded servers, and serves until stopped
# make demo   the same, and ends by itself
# make test   sets everything up and passes the tests, lint and type checks
# make long   passes the tests that would take make test beyond ten minutes
# make peers  lets many real clients tell stories to many real servers, a quarter of an hour
# make torture  has every call fail that can, wherever it is made; make test takes some of each kind
# make upgrades  upgrades a gateway five times under load
# make bench  measures this gateway; make clean removes what the others made
# make bench-peers  measures it beside the other proxies that are installed, in some ten minutes and as root; where all
#                   are it writes the figures into docs and README.rst
# make dist   builds the sdist and the wheel into dist and checks them; make changelog writes CHANGELOG.rst
# make deb    builds a package for this Debian into dist; make deb-test tries it in a clean root
# make docs   builds the documentation in build/docs, and looks at its links
# make man    writes the man pages anew
# make walk   walks the states of a session for SECONDS; make mutants has the walk find made faults

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SECONDS ?= 600
# Python's compiled files are kept, whatever the environment says: the tests start hundreds of gateways.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache
# The test modules that stand beside the rooms.
ROOF := $(patsubst tests/%.py,tests.%,$(wildcard tests/test_*.py))
PACKAGES := ftpalg tests demo bench twisted/plugins setup.py docs/conf.py

.PHONY: run demo test check long peers torture bench bench-peers upgrades walk mutants man changelog dist deb deb-test \
    requirements docs clean

run: $(VENV)/demo
	$(BIN)/python -u -m demo serve

demo: $(VENV)/demo
	$(BIN)/python -u -m demo

test: $(VENV)/test check
	sh tests/peers/install.sh
	sh tests/ops/install.sh
	$(BIN)/coverage run --source=ftpalg/core,ftpalg/policy -m twisted.trial \
	    tests.core tests.policy tests.config
	$(BIN)/coverage report --fail-under=100 --skip-covered
	$(BIN)/trial -j2 tests.walk
	$(BIN)/trial -j2 tests.net tests.admin tests.ops tests.files tests.cli tests.explain tests.wire tests.tls \
	    tests.ldap tests.units.test_units $(ROOF)
	$(BIN)/trial tests.peers.test_command_rules tests.peers.test_matrix tests.peers.test_names tests.peers.test_proxies

long: $(VENV)/test
	sh tests/peers/install.sh
	sh tests/ops/install.sh
	$(BIN)/trial -j2 tests.field tests.life tests.netns tests.torture tests.units tests.workers
	FTPALG_LONG=1 $(BIN)/trial tests.explain

peers: $(VENV)/test
	sh tests/peers/install.sh
	$(BIN)/trial -j2 tests.peers.test_stories

check: $(VENV)/test
	$(BIN)/ruff check $(PACKAGES)
	$(BIN)/ruff format --check $(PACKAGES)
	$(BIN)/mypy ftpalg tests demo bench
	test ! -x $(BIN)/hadolint || $(BIN)/hadolint Containerfile

walk: $(VENV)/test
	$(BIN)/python -m tests.walk.walk $(SECONDS)

mutants: $(VENV)/test
	$(BIN)/python -m tests.walk.mutants

torture: $(VENV)/test
	FTPALG_TORTURE=all $(BIN)/trial tests.torture

bench: $(VENV)/test
	$(BIN)/python -m bench.peers --alone
	$(BIN)/python -m bench.records

bench-peers: $(VENV)/test
	$(BIN)/python -m bench.peers

upgrades: $(VENV)/test
	FTPALG_LOAD=full $(BIN)/trial tests.life.test_load

man: $(VENV)/test
	$(BIN)/python -m ftpalg.cli.manual docs/man

changelog: $(VENV)/dist
	$(BIN)/towncrier build --draft --version "$$($(BIN)/python -c 'import ftpalg; print(ftpalg.__version__)')" \
	    --date unreleased >$(VENV)/changelog
	cat $(VENV)/changelog $(wildcard changes/released.rst) >CHANGELOG.rst

# Addresses that this project does not have are asked for by two of pyroma's tests.
dist: changelog
	rm -rf dist build
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/pyroma --min 10 --skip-tests AuthorEmail,Url dist/*.tar.gz

deb: dist
	packaging/deb $(CURDIR)/$(BIN)/python -m pip

deb-test: $(VENV)/test
	ls dist/ftpalg_*.deb >/dev/null 2>&1 || $(MAKE) deb
	$(BIN)/trial tests.deb

# The newest libraries that pyproject.toml allows, for make deb and the container.
requirements: $(VENV)/dist
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --extra ldap --extra metrics \
	    --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	    --output-file packaging/requirements.txt pyproject.toml

docs: $(VENV)/docs
	$(BIN)/sphinx-build -W --keep-going -n -q -b html docs build/docs
	$(BIN)/sphinx-build -W --keep-going -n -q -b linkcheck docs build/links

clean:
	rm -rf $(VENV) build dist docs/generated *.egg-info _trial_temp* .coverage .mypy_cache .ruff_cache .hypothesis \
	    tests/peers/node_modules

$(VENV)/demo $(VENV)/dist $(VENV)/docs $(VENV)/test: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$(@F)]' --config-settings editable_mode=compat
	touch $@
