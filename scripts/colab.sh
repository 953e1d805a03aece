#!/bin/bash
# Not tried yet: see docs/elsewhere.md. Installs into the Python that a hosted notebook runs on; restart it afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
python -m pip install --quiet -r requirements.lock
python -m pip install --quiet --no-deps -r requirements-nodeps.txt
python -m pip install --quiet --no-deps --no-build-isolation -e .
