#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ticket prices on gevent's green threads, with requests.

    bench/python/tickets_gevent.py [-c 100] [--days N] [-q] http://127.0.0.1:8080
    bench/python/tickets_gevent.py --hold -c 1000 http://127.0.0.1:8080
"""
import sys

sys.dont_write_bytecode = True
import tickets

tickets.need("gevent.monkey", "python3-gevent").patch_all()  # before requests brings in sockets
pool = tickets.need("gevent.pool", "python3-gevent")
requests = tickets.need("requests", "python3-requests")
tickets.need("gevent", "python3-gevent").get_hub().exception_stream = None  # they are raised, too


def on_greenlets(task, items, width):
    return pool.Pool(width).imap_unordered(task, items)


tickets.guard(lambda: tickets.run(requests, tickets.arguments(100), on_greenlets))
