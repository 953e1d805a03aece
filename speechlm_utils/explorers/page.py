"""An interactive figure that needs no kernel: its data, its sounds and its script lie in the HTML that it is.

One object serves JupyterLab, Voilà and the saved page, which stays one file that can be sent to a class.
The scripts beside this file are ES modules in the form that anywidget takes, `export default { render }`.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from ..notebook.policy import format_policy

FOLDER = Path(__file__).parent
EXPORT = "export default"
FIGURE = """\
<section class="speechlm-explorer" id="{name}" data-explorer="{script}" aria-label="{label}">Here stands a \
control where scripts may run.</section>
<style>
{style}</style>
<script>
(() => {{
{shared}
{module}
const data = {data};
start(widget, document.getElementById("{name}"), data);
}})();
</script>"""
PAGE = """\
<!DOCTYPE html>
<html lang="en"><head>{policy}<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head><body class="speechlm-page"><main><h1>{title}</h1>
{body}
</main></body></html>
"""


@dataclass(frozen=True)
class Explorer:
    """A figure that is operated in the browser.

    Parameters
    ----------
    script : name of the module beside this file that draws it
    label : what a screen reader calls it
    data : what the module reads by `model.get(name)`; anything that JSON can write
    parts : names of further scripts beside this file that the module calls
    """

    script: str
    label: str
    data: Mapping = field(repr=False)
    parts: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        name = f"explorer-{secrets.token_hex(6)}"  # two figures of a page must not share it
        style, shared, module, *parts = (
            (FOLDER / file).read_text(encoding="utf-8")
            for file in ("style.css", "shared.js", *(f"{one}.js" for one in (self.script, *self.parts)))
        )
        shared = "\n".join([shared, *parts])
        module = module.replace(EXPORT, "const widget =")  # a page on disk may not import modules
        data = json.dumps(self.data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        files = {"style": style, "shared": shared, "module": module}
        about = {"name": name, "script": self.script, "label": escape(self.label)}
        return FIGURE.format(**about, data=data, **files)


def render_page(explorer: Explorer, title: str) -> str:
    """Write a page of its own for one explorer: HTML that loads nothing."""
    return PAGE.format(policy=format_policy(), title=escape(title), body=explorer._repr_html_())
