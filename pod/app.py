"""The only wiring: read it top to bottom to see the whole web process.

`create_app` gives a Flask application whose `wsgi_app` answers pod resources first (http/solid.py) and Flask's routes
otherwise, so the test client and every WSGI server see one application.
"""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Flask
from werkzeug.routing import Rule

from pod.config import Config
from pod.http.routes import server_pages
from pod.http.solid import SolidApplication
from pod.identity.identity import open_identity
from pod.identity.routes import identity_provider
from pod.index.index import Index
from pod.notifications.routes import notifications
from pod.services import Services, open_services
from pod.sharing.routes import access_endpoints
from pod.ui.branding import Branding
from pod.ui.data_browser import data_browser_files, open_data_browser
from pod.ui.feed import feeds
from pod.ui.pages import pages
from pod.ui.problems import problem_page
from pod.ui.static_files import static_files
from pod.ui.views import PublicPages


class Route(Rule):
    """A route of which no URL is ever made. To prepare for that is most of what a route costs when it is added."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:  # noqa: ARG002 -- a method of Werkzeug's
        return _make_no_url


def _make_no_url(*_: object) -> NoReturn:
    raise NotImplementedError("Pages name each other by their paths.")


def create_app(config: Config, services: Services | None = None) -> Flask:
    """The web application. `services` are opened from the settings where none are given."""
    services = services or open_services(config)
    identity = open_identity(services)
    app = Flask("pod", static_folder=None)
    app.url_rule_class = Route
    # Flask would redirect to a URL made of the host and scheme that a proxy used to reach us.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.extensions["services"] = services
    app.extensions["identity"] = identity
    app.register_blueprint(server_pages(services, problem_page))
    app.register_blueprint(identity_provider(services, identity))
    app.register_blueprint(notifications(services))
    app.register_blueprint(access_endpoints(services))
    app.register_blueprint(pages(services, identity))
    app.register_blueprint(static_files(Branding(services.store, services.clock)))
    app.register_blueprint(feeds(services, Index(services)))
    browser = open_data_browser(config, services.placement)
    if browser is not None:
        app.register_blueprint(data_browser_files(browser))
    solid = SolidApplication(services, app.wsgi_app, PublicPages(services.placement), browser)
    app.wsgi_app = solid  # type: ignore[method-assign]  # how Flask documents wrapping
    return app
