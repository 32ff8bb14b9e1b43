# make run    sets everything up and shows the main job against embedded servers
# make test   sets everything up and passes the tests, lint and type checks
# make bench  measures this gateway; make clean removes what the others made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := ftpalg tests demo bench twisted/plugins setup.py

.PHONY: run test check bench clean

run: $(VENV)/demo
	$(BIN)/python -m demo

test: $(VENV)/test check
	sh tests/peers/install.sh
	$(BIN)/coverage run --source=ftpalg/core,ftpalg/policy -m twisted.trial \
	    tests.core tests.policy tests.test_config tests.test_config_tables tests.test_layers
	$(BIN)/coverage report --fail-under=100 --skip-covered
	$(BIN)/trial -j2 tests.net tests.ops tests.files tests.wire tests.tls tests.netns tests.test_ldap
	$(BIN)/trial tests.peers

check: $(VENV)/test
	$(BIN)/ruff check $(PACKAGES)
	$(BIN)/ruff format --check $(PACKAGES)
	$(BIN)/mypy ftpalg tests demo bench

bench: $(VENV)/test
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) build dist *.egg-info _trial_temp* .coverage .mypy_cache .ruff_cache .hypothesis

$(VENV)/demo $(VENV)/test: setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$(@F)]' --config-settings editable_mode=compat
	touch $@
