# make demo   set up, check the claims of all papers, draw their figures into results/
# make test   set up, run all tests

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test gallery lint clean

demo: $(READY)
	$(BIN)/resolvent check
	$(BIN)/resolvent figure

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -q

# The pictures of papers/GALLERY.md and the README.
gallery: $(READY)
	for slug in $$($(BIN)/resolvent list --names); do \
	  for picture in $$($(BIN)/resolvent figure $$slug); do \
	    name=$$(basename $$picture -quick.png); \
	    cp $$picture papers/gallery/$$slug-$$name.png; \
	  done; \
	done

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

# Made anew when the dependencies change; PYTHON=python3.12 chooses another interpreter.
$(READY): pyproject.toml setup.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "resolvent needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf .venv build dist results *.egg-info
	find . -name '*.nb[ic]' -delete
