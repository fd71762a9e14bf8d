"""Django's entry to the composition root: what must be in place before the first request or task."""

import gc

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class CompositionRoot(AppConfig):
    """Wires process guards, task context and metrics."""

    name = "config"
    label = "config"
    verbose_name = "Countinghouse"

    def ready(self) -> None:
        from audit.reconciliation import send_runs_with
        from config.background import task_context
        from config.background.runs import send_run
        from config.house import elsewhere
        from config.house.settings import SETTINGS
        from config.processes import guard
        from config.web import metrics
        from identity.settable import register_settings

        guard.forget_inherited_connections()
        guard.die_with_parent()
        guard.end_deaf_cluster()
        task_context.install()
        metrics.install()
        elsewhere.install()
        register_settings(SETTINGS)
        send_runs_with(send_run)


class BackOfficeAdmin(AdminConfig):
    """Django's admin with our site in place of the stock one."""

    default_site = "config.backoffice.site.BackOffice"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin

        from config.backoffice.machinery import register_machinery

        register_machinery(admin.site)
        # Everything is imported by now, and stays. Looked through again at each full collection, it took a quarter of
        # the time that a batch of postings takes outside of the database.
        gc.freeze()
        # A batch makes tens of thousands of objects that are gone by themselves when it ends.
        gc.set_threshold(50_000, 20, 20)
