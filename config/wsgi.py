"""What the web server imports."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from config.web.opening import open_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("COUNTINGHOUSE_PROCESS", "web")

# See manage.py.
gc.set_threshold(50_000, 20, 20)

application = get_wsgi_application()
open_up()
