"""How Sphinx makes the site; `build.py` calls it."""

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

project = "tenfold"
author = copyright = "The tenfold developers"  # noqa: A001  # a name of Sphinx's

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_url_schemes = {"http": None, "https": None, "mailto": None, "site": {"url": "{{path}}"}}  # site: of build.py
nb_execution_mode = "off"  # the outputs are the committed ones
nb_merge_streams = True
nb_ipywidgets_js = {}  # would come from a CDN; the picture beside a widget is shown instead
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

default_role = "literal"  # the docstrings mark code as Markdown does
napoleon_use_ivar = True  # attributes in one list
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True

html_title = "tenfold"
html_theme = "furo"
html_theme_options = {"top_of_page_buttons": []}
html_favicon = "../web/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = html_copy_source = html_use_index = html_domain_indices = False
html_math_renderer = "mathml"
highlight_language = "none"
pygments_style, pygments_dark_style = "default", "github-dark"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app):
    """Leave formulas to the browser: MathJax would be a megabyte of our own, or a request to a CDN."""

    def visitor(as_block):
        def visit(translator, node):
            translator.body.append(tex2mathml(node.astext(), as_block))
            raise SkipNode

        return visit, None

    app.add_html_math_renderer("mathml", visitor(False), visitor(True))
